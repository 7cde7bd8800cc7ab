package proto

import (
	"fmt"

	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
)

// ToValue makes a message of a hyperparameter: a float64, int, int64, bool or string. Others are an error that names
// what was expected.
func ToValue(v any) (*pb.Value, error) {
	switch x := v.(type) {
	case float64:
		return &pb.Value{Value: &pb.Value_Number{Number: x}}, nil
	case int:
		return &pb.Value{Value: &pb.Value_Integer{Integer: int64(x)}}, nil
	case int64:
		return &pb.Value{Value: &pb.Value_Integer{Integer: x}}, nil
	case bool:
		return &pb.Value{Value: &pb.Value_Boolean{Boolean: x}}, nil
	case string:
		return &pb.Value{Value: &pb.Value_Text{Text: x}}, nil
	}
	return nil, fmt.Errorf("expected a number, true or false, or a text, got %T", v)
}

// FromValue is the inverse of ToValue; whole numbers become int64. A message without a known value becomes nil.
func FromValue(v *pb.Value) any {
	switch x := v.GetValue().(type) {
	case *pb.Value_Number:
		return x.Number
	case *pb.Value_Integer:
		return x.Integer
	case *pb.Value_Boolean:
		return x.Boolean
	case *pb.Value_Text:
		return x.Text
	}
	return nil
}

// FromValues applies FromValue to a map.
func FromValues(m map[string]*pb.Value) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = FromValue(v)
	}
	return out
}
