# Installed is this version or a newer one. Whoever is told something, and the status 0, takes it for installed.
$file = Join-Path $(if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }) 'Dayline\dayline-agent.exe'
if ((Test-Path $file) -and (Get-Item $file).VersionInfo.FileVersionRaw -ge [version]'[[(.For "windows").Version.FileText]]') { 'installed' }
exit 0
