using System.Text.Json;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Tools.Tests.Benchmarks;

public class OperatorProfileTests
{
    // As ONNX Runtime 1.30 writes it; times in microseconds.
    private const string Profile = """
        [
          {"cat": "Session", "pid": 1, "tid": 1, "dur": 900000, "ts": 1, "ph": "X", "name": "session_initialization", "args": {}},
          {"cat": "Node", "pid": 1, "tid": 1, "dur": 7, "ts": 2, "ph": "X", "name": "self_attn.q/Gemm_fence_before",
            "args": {"op_name": "Gemm"}},
          {"cat": "Node", "pid": 1, "tid": 1, "dur": 600000, "ts": 3, "ph": "X", "name": "self_attn.q/Gemm_kernel_time",
            "args": {"op_name": "Gemm", "provider": "CPUExecutionProvider"}},
          {"cat": "Node", "pid": 1, "tid": 1, "dur": 150000, "ts": 4, "ph": "X", "name": "Add_kernel_time", "args": {"op_name": "Add",
            "provider": "CPUExecutionProvider"}},
          {"cat": "Session", "pid": 1, "tid": 1, "dur": 800000, "ts": 5, "ph": "X", "name": "model_run", "args": {}}
        ]
        """;

    private const string AnotherProfile = """
        [{"cat": "Node", "pid": 1, "tid": 1, "dur": 250000, "ts": 1, "ph": "X", "name": "head/Add_kernel_time", "args": {"op_name": "Add"}}]
        """;

    [Fact]
    public void Slowest_OfSeveralProfiles_AddsUpKernelsByOperator()
    {
        using var one = JsonDocument.Parse(Profile);
        using var other = JsonDocument.Parse(AnotherProfile);

        var operators = OperatorProfile.Slowest([one.RootElement, other.RootElement], count: 8);

        Assert.Equal([new OperatorShare("Gemm", 0.6, 0.6), new OperatorShare("Add", 0.4, 0.4)], operators);
    }

    [Fact]
    public void Slowest_OfMoreThanWanted_KeepsTheSlowestAndTheirShares()
    {
        using var one = JsonDocument.Parse(Profile);
        using var other = JsonDocument.Parse(AnotherProfile);

        Assert.Equal([new OperatorShare("Gemm", 0.6, 0.6)], OperatorProfile.Slowest([one.RootElement, other.RootElement], count: 1));
    }

    [Theory]
    [InlineData("self_attn.q", "MatMul", "self-attention")]
    [InlineData("self_attn.norm_q", "SimplifiedLayerNormalization", "self-attention")]
    [InlineData("cross_attn.v", "MatMul", "cross-attention")]
    [InlineData("ffn.0", "MatMul", "feed-forward")]
    [InlineData("visual.mlp", "MatMul", "feed-forward")]
    [InlineData("norm3", "LayerNormalization", "norms")]
    [InlineData("decoder.upsamples.0.residual.2", "Conv", "convolutions")]
    [InlineData("head", "Add", "other")]
    public void KindOf_ALayer_SaysWhatItDoes(string layer, string op, string expected) =>
        Assert.Equal(expected, OperatorProfile.KindOf(layer, op));
}
