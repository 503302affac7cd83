using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>Computes small attentions with a provider's fused operator and in plain operators on the CPU, and compares.</summary>
internal static class FusedAttentionCheck
{
    private const int Tokens = 48; // a full tile of 32 queries, and a part of one
    private const int Heads = 2;

    /// <summary>A right kernel is within 1e-6 here; the wrong one that this is for was off by 0.05. Narrow types round, too.</summary>
    private const float Tolerance = 1e-3f;

    private static readonly int[] HeadSizes = [16, 128]; // a small one, and that of all published transformers

    public static bool IsRight(OrtRuntime runtime, SessionSettings settings) =>
        Array.TrueForAll(HeadSizes, headSize => IsRight(runtime, settings, Heads * headSize));

    private static bool IsRight(OrtRuntime runtime, SessionSettings settings, int features)
    {
        var fused = Write(settings.Name, features, new GraphOptions { Compute = settings.Compute });
        var tolerance = Tolerance + RoundingError.Of(settings.Compute, fused.Outputs[0].Roundings, Tokens * features); // of values within 1
        using var expected = Compute(
            runtime,
            new SessionSettings { Name = settings.Name },
            Write(settings.Name, features, new GraphOptions { Lowering = Lowering.Plain })
        );
        try
        {
            using var actual = Compute(runtime, settings, fused);
            return AreWithin(tolerance, expected.Read<float>(), actual.Read<float>());
        }
        catch (OrtException)
        {
            return false; // no kernel for the type or the head size
        }
    }

    private static bool AreWithin(double tolerance, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance)) // also when it is not a number
            {
                return false;
            }
        }

        return true;
    }

    private static OnnxGraph Write(string name, int features, GraphOptions options)
    {
        var graph = new GraphBuilder(name, options);
        var qkv = graph.Chunk(graph.Input("qkv", DType.F32, [1, Tokens, 3 * features]), -1, 3); // [1, tokens, features] each
        graph.Output("y", graph.Cast(graph.Attention(qkv[0], qkv[1], qkv[2], Heads), DType.F32));
        return graph.Build();
    }

    private static Tensor Compute(OrtRuntime runtime, SessionSettings settings, OnnxGraph graph)
    {
        using var session = runtime.CreateSession(graph.ToBytes(), settings);
        using var input = Tensor.Zeros(DType.F32, [.. graph.Inputs[0].Shape.Select(dim => dim.Known!.Value)]);
        var values = input.Write<float>();
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = MathF.Sin(i * 0.7f);
        }

        var output = Tensor.Zeros(DType.F32, [.. graph.Outputs[0].Shape.Select(dim => dim.Known!.Value)]);
        using var run = session.Prepare();
        run.SetInput("qkv", input);
        run.SetOutput("y", output);
        run.Run().Dispose();
        return output;
    }
}
