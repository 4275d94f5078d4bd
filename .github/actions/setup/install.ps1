# Installs a release into a directory, checked against its SHA256SUMS or a given sum; install.sh does so elsewhere.
param([string]$Version, [string]$Directory, [string]$Sum)
$ErrorActionPreference = 'Stop'
$arch = if ($env:RUNNER_ARCH -eq 'ARM64') { 'arm64' } else { 'x64' }
$archive = "go-cache-plugin-windows-$arch.zip"
$base = $env:GO_CACHE_PLUGIN_BASE_URL
if (-not $base) { $base = "https://github.com/$env:GITHUB_ACTION_REPOSITORY/releases/download/$Version" }
New-Item -ItemType Directory -Force $Directory | Out-Null
$file = Join-Path $Directory $archive
Invoke-WebRequest "$base/$archive" -OutFile $file
if (-not $Sum) {
  $line = (Invoke-RestMethod "$base/SHA256SUMS") -split "`n" | Where-Object { $_ -match "  $([regex]::Escape($archive))$" }
  $Sum = ($line -split ' ')[0]
}
$actual = (Get-FileHash $file -Algorithm SHA256).Hash
if ($actual -ne $Sum) { throw "$archive has the SHA-256 $actual instead of $Sum" }
Expand-Archive $file $Directory -Force
