//go:build tools

// Package tools names the programs that this module pins and builds.
package tools

import _ "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"
