// Command components says what the operator and kubectl's plugin are made of, and under which licences:
//
//	components licenses                                   # the licences of everything that is linked in; fails if one is not allowed
//	components notices >THIRD-PARTY-NOTICES.txt           # their texts
//	components sbom -version 1.2.3 -image ghcr.io/zen-lead/zen-lead@sha256:... -created 2026-11-27T00:00:00Z zen-lead-amd64 zen-lead-arm64
//
// The software bill of materials (SBOM) is of the operator's image, in CycloneDX's JSON. Its modules are those that the linker wrote into the binaries (what
// `go version -m` shows); their licences are read in the module cache, beside the packages that are linked. The same binaries give the same
// bytes, without a network. Run it in the repository's root.
package main
