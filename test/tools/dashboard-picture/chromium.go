package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// spare is by how much the window is higher than the page: a Chromium without a window may take some of it for bars it does not show.
const spare = 200

// takePictures has Chromium draw the page, and cuts the pictures out of what it drew.
func takePictures(ctx context.Context, p page, o *options) error {
	if filepath.Ext(o.output) != ".png" {
		return nil
	}
	whole, err := photograph(ctx, p, o.html())
	if err != nil {
		return fmt.Errorf("taking the picture of %s: %w", o.html(), err)
	}
	if err := cut(whole, image.Rect(0, 0, p.width, p.height), o.output); err != nil {
		return err
	}
	if o.panels == "" {
		return nil
	}
	if err := os.MkdirAll(o.panels, 0o750); err != nil {
		return err
	}
	for name, place := range p.places {
		if err := cut(whole, place, filepath.Join(o.panels, name)); err != nil {
			return err
		}
	}
	return nil
}

func photograph(ctx context.Context, p page, file string) (image.Image, error) {
	browser, err := findChromium()
	if err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	directory, err := os.MkdirTemp("", "dashboard-picture")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(directory) }()
	picture := filepath.Join(directory, "picture.png")
	arguments := []string{
		"--headless", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", "--no-first-run", "--disable-extensions",
		"--user-data-dir=" + directory, fmt.Sprintf("--window-size=%d,%d", p.width, p.height+spare), "--screenshot=" + picture, "file://" + absolute,
	}
	if os.Geteuid() == 0 { // it refuses to run as root with a sandbox; the page is our own and loads nothing
		arguments = append([]string{"--no-sandbox"}, arguments...)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	output, err := exec.CommandContext(ctx, browser, arguments...).CombinedOutput() // #nosec G204 -- found in the path
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", browser, err, output)
	}
	drawn, err := os.Open(picture) // #nosec G304 -- just written
	if err != nil {
		return nil, fmt.Errorf("%s has drawn nothing: %w\n%s", browser, err, output)
	}
	defer func() { _ = drawn.Close() }()
	return png.Decode(drawn)
}

func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("there is no chromium to draw it with; the page is there: give -output a name that ends in .html")
}

// cut writes a part of a picture.
func cut(whole image.Image, place image.Rectangle, file string) error {
	if !place.In(whole.Bounds()) {
		return fmt.Errorf("%s: %v is outside of the picture, which is %v", file, place, whole.Bounds())
	}
	part := image.NewRGBA(image.Rect(0, 0, place.Dx(), place.Dy()))
	draw.Draw(part, part.Bounds(), whole, place.Min, draw.Src)
	out, err := os.Create(file) // #nosec G304 -- where the picture is wanted
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(out, part), out.Close())
}
