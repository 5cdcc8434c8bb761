#Requires -Modules GroupPolicy
# Makes, or changes, a Group Policy object that has computers enrol by the string beside this script. It links it nowhere.
param([string]$Name = 'Dayline agent')
$ErrorActionPreference = 'Stop'
$string = (Get-Content -Raw (Join-Path $PSScriptRoot 'enrollment-string.txt')).Trim()
try { $gpo = Get-GPO -Name $Name } catch { $gpo = New-GPO -Name $Name -Comment 'Dayline: which collector the agent belongs to' }
# People need not read it: computers do.
$null = Set-GPPermission -Guid $gpo.Id -TargetName 'Domain Computers' -TargetType Group -PermissionLevel GpoApply
$null = Set-GPPermission -Guid $gpo.Id -TargetName 'Authenticated Users' -TargetType Group -PermissionLevel None -Replace
$null = Set-GPRegistryValue -Guid $gpo.Id -Key 'HKLM\SOFTWARE\Policies\Dayline' -ValueName 'EnrollmentString' -Type String -Value $string
"$Name is ready: add the package to it (README.md, step 4) and link it."
