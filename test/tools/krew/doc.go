// Command krew makes what krew, the manager of kubectl's plugins, installs `kubectl zen-lead` from: an archive for each platform, with the licences, and the
// manifest that names them by their checksums.
//
//	krew -version 1.2.3 -binaries 'bin/krew/{os}-{arch}/kubectl-zen_lead{exe}' -output bin/krew
//
// The same binaries give the same bytes. Run it in the repository's root. Its tests have krew's own programs judge the manifest and install from it.
package main
