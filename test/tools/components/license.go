package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/google/licensecheck"
)

// allowed are the licences, by their SPDX identifiers, under which anything may be linked into what is shipped: none asks more of those who
// pass it on than to keep its notices and, for MPL-2.0, to say where its unchanged source is.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0"}

// recognized is how much of a file, in percent, known licences have to make up. pkg.go.dev takes as much:
// https://pkg.go.dev/license-policy
const recognized = 75

// Names of files with terms, and of files with notices that Apache-2.0 (4d) wants passed on.
var (
	termsName  = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-._].*)?$`)
	noticeName = regexp.MustCompile(`(?i)^notice(\.(txt|md))?$`)
)

// licenseFile is a file with terms or notices.
type licenseFile struct {
	// name is its path in its module.
	name, text string
	// licenses are what its text was recognized as, by their SPDX identifiers; none for a notice.
	licenses []string
}

// readLicenseFiles reads those of folders, which are given with their paths in the module.
func readLicenseFiles(folders map[string]string) ([]licenseFile, error) {
	var files []licenseFile
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			terms := termsName.MatchString(entry.Name()) && path.Ext(entry.Name()) != ".go"
			if entry.IsDir() || !terms && !noticeName.MatchString(entry.Name()) {
				continue
			}
			read, err := readLicenseFile(filepath.Join(folder, entry.Name()), path.Join(folders[folder], entry.Name()), terms)
			if err != nil {
				return nil, err
			}
			files = append(files, read)
		}
	}
	if !slices.ContainsFunc(files, func(f licenseFile) bool { return len(f.licenses) > 0 }) {
		return nil, errors.New("it has no licence")
	}
	return files, nil
}

// readLicenseFile reads one, of terms or of notices.
func readLicenseFile(file, name string, terms bool) (licenseFile, error) {
	content, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return licenseFile{}, err
	}
	read := licenseFile{name: name, text: normalized(string(content))}
	if terms {
		if read.licenses, err = recognize(content); err != nil {
			return licenseFile{}, fmt.Errorf("%s: %w", read.name, err)
		}
	}
	return read, nil
}

// normalized is a text without what differs between copies of one licence: ends of lines, and blanks before them.
func normalized(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n") + "\n"
}

// recognize says which licences a text is.
func recognize(text []byte) ([]string, error) {
	coverage := licensecheck.Scan(text)
	if coverage.Percent < recognized {
		return nil, fmt.Errorf("only %.0f%% of it is a known licence", coverage.Percent)
	}
	var found []string
	for _, match := range coverage.Match {
		if !match.IsURL {
			found = append(found, match.ID)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// licenses are all that apply to what is linked of a module.
func (m module) licenses() []string {
	var all []string
	for _, file := range m.files {
		all = append(all, file.licenses...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// refused says of each module what is not allowed.
func refused(modules []module) error {
	var problems []error
	for _, linked := range modules {
		for _, license := range linked.licenses() {
			if !slices.Contains(allowed, license) {
				problems = append(problems, fmt.Errorf("%s is under %s, which is none of %s", linked.path, license, strings.Join(allowed, ", ")))
			}
		}
	}
	return errors.Join(problems...)
}

// writeLicenses writes a line for each module.
func writeLicenses(out io.Writer, directory string) error {
	modules, err := linkedModules(directory)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, linked := range modules {
		fmt.Fprintf(table, "%s\t%s\n", linked.path, strings.Join(linked.licenses(), ", "))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return refused(modules)
}
