// Package sdk is what a plugin written in Go imports. A plugin is a program that holds one optimizer or one sharpness
// metric; the bench host starts it, asks what it is (Info), checks its parameters, and lets it run:
//
//	func main() { sdk.Serve(myOptimizer{}) }
//
// There are three shapes to choose from.
//
//   - Stepper: an update rule that needs one gradient a step, as SGD and Adam do. The shortest, and the one with the
//     fewest round trips.
//   - Optimizer: a loop of your own that asks for as many gradients, at as many points, as the method needs (SAM, line
//     searches).
//   - Metric: a number about a trained model.
//
// Every vector a plugin works with lives in shared memory, in a slot that both processes see. The program asks for
// slots by name before the run (Slots) and gets them from Session.Slot. While a call of a Session method is in
// progress the host may read and write every slot; between calls the plugin owns them all. A plugin that keeps its
// state in slots, and what does not fit there in the blob of a commit, can be resumed after any crash.
//
// Randomness belongs to the host: batches are named, never drawn, and noise comes from Session.Normal. A plugin that
// draws from a generator of its own is not reproducible across machines and languages.
//
// Standard output and standard error of a plugin both end in the log of the trial.
package sdk
