package golden

import (
	"os"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// Main is the main function of an optimizer's tests. The test binary serves own, and each of others when it is started
// with that plugin's name, so that Same can compare with it.
func Main(m *testing.M, own any, others ...any) {
	for _, o := range others {
		if os.Args[len(os.Args)-1] == name(o) {
			own = o
		}
	}
	sdktest.TestMain(m, own)
}

func name(plugin any) string { return plugin.(interface{ Info() sdk.Info }).Info().Name }

// Same checks that the plugin under test with the parameters own takes the same steps as another plugin that Main knows
// with the parameters theirs, bit for bit, running statistics included, on the named problems: all three that every
// method can train on where none is named.
func Same(t *testing.T, own map[string]any, other string, theirs map[string]any, problems ...string) {
	t.Helper()
	if len(problems) == 0 {
		problems = []string{"quadratic", "logistic", "mlp"}
	}
	for _, problem := range problems {
		program := plugintest.Self(other)
		got, buffers := train(t, nil, problem, own)
		want, wantBuffers := train(t, &program, problem, theirs)
		for k := range want {
			if err := plugintest.SameBits(got[k], want[k]); err != nil {
				t.Errorf("%s: %v: step %d differs from %s with %v: %v", problem, own, k+1, other, theirs, err)
				break
			}
		}
		if err := plugintest.SameBits(buffers, wantBuffers); err != nil {
			t.Errorf("%s: %v: running statistics differ from those of %s with %v: %v", problem, own, other, theirs, err)
		}
	}
}

// Degenerates checks the pairs that the plugin declares.
func Degenerates(t *testing.T, info sdk.Info) {
	t.Helper()
	if len(info.Degenerate) == 0 {
		t.Error("the plugin declares no pairs")
	}
	for _, d := range info.Degenerate {
		Same(t, d.When, d.Equals, nil)
	}
}
