@echo off
rem Nothing of the agent stays.
[[- $r := .For "windows"]]
set arch=amd64
[[- if $r.Package "arm64" "msi"]]
if /i "%PROCESSOR_ARCHITECTURE%"=="ARM64" set arch=arm64
if /i "%PROCESSOR_ARCHITEW6432%"=="ARM64" set arch=arm64
[[- end]]
start "" /wait "%SystemRoot%\System32\msiexec.exe" /x "%~dp0dayline-agent-[[$r.Version]]-windows-%arch%.msi" /qn /norestart
exit /b %errorlevel%
