//go:build !unix

package plugintest

import "errors"

func groupAlive(int) error { return errors.ErrUnsupported }

func killGroup(int) {}
