using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>Computes a small attention with a provider's fused operator and in plain operators on the CPU, and compares.</summary>
internal static class FusedAttentionCheck
{
    private const int Tokens = 48; // a full tile of 32 queries, and a part of one
    private const int Heads = 2;
    private const int Features = 32;

    /// <summary>A right kernel is within 1e-6 here; the wrong one that this is for was off by 0.05.</summary>
    private const float Tolerance = 1e-3f;

    public static bool IsRight(OrtRuntime runtime, SessionSettings settings)
    {
        using var expected = Compute(runtime, new SessionSettings { Name = settings.Name }, Lowering.Plain);
        using var actual = Compute(runtime, settings, Lowering.Fused);
        var e = expected.Read<float>();
        var a = actual.Read<float>();
        for (var i = 0; i < e.Length; i++)
        {
            if (!(Math.Abs(e[i] - a[i]) <= Tolerance)) // also when it is not a number
            {
                return false;
            }
        }

        return true;
    }

    private static Tensor Compute(OrtRuntime runtime, SessionSettings settings, Lowering lowering)
    {
        var graph = new GraphBuilder(settings.Name, new GraphOptions { Lowering = lowering });
        var qkv = graph.Chunk(graph.Input("qkv", DType.F32, [1, Tokens, 3 * Features]), -1, 3); // [1, tokens, features] each
        graph.Output("y", graph.Attention(qkv[0], qkv[1], qkv[2], Heads));
        using var session = runtime.CreateSession(graph.Build().ToBytes(), settings);
        using var input = Tensor.Zeros(DType.F32, [1, Tokens, 3 * Features]);
        var values = input.Write<float>();
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = MathF.Sin(i * 0.7f);
        }

        var output = Tensor.Zeros(DType.F32, [1, Tokens, Features]);
        using var run = session.Prepare();
        run.SetInput("qkv", input);
        run.SetOutput("y", output);
        run.Run().Dispose();
        return output;
    }
}
