package main

import (
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// printManifests prints what a kustomization builds, with a release's image and version.
func printManifests(out io.Writer, directory string, r release) error {
	objects, err := build(directory)
	if err != nil {
		return err
	}
	for _, object := range objects {
		label(object, r.Version)
		if object.GetKind() == "Deployment" {
			if err := setImage(object, r.Image); err != nil {
				return err
			}
		}
		content, err := yaml.Marshal(object.Object)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "---\n%s", content); err != nil {
			return err
		}
	}
	return nil
}
