using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>Computes layers of a transformer in a narrow type on a device and in F32 on the processor, and compares.</summary>
internal static class NarrowTypeCheck
{
    private const int Tokens = 48;
    private const int Heads = 2;
    private const int Features = 32;

    /// <summary>What is wrong with a device's numbers in <see cref="SessionSettings.Compute"/>: a clause; null for nothing.</summary>
    public static string? FindProblem(OrtRuntime runtime, SessionSettings settings)
    {
        var written = Write(settings.Compute, WrittenFor(settings));
        try
        {
            using var expected = Run(runtime, new SessionSettings(), Write(DType.F32, new GraphOptions()));
            using var actual = Run(runtime, settings.ForProvider("precision"), written);
            var limit = RoundingError.Of(settings.Compute, written.Outputs[0].Roundings, actual.Shape.ElementCount);
            var error = Largest(expected.Read<float>(), actual.Read<float>());
            return error <= limit
                ? null
                : string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"its numbers are off by {error:0.0e+0} of the largest, where rounding explains {limit:0.0e+0}"
                );
        }
        catch (OrtException e)
        {
            return $"it has no kernels for it: {e.Message.ReplaceLineEndings(" ").TrimEnd('.', ' ')}";
        }
    }

    private static GraphOptions WrittenFor(SessionSettings settings) =>
        Providers.ProviderProfiles.Of(settings.Provider).Graphs with
        {
            FusedAttention = false, // that is tried by itself
        };

    /// <summary>Layers whose weights are inputs too: a product, a norm, attention, a feed-forward network.</summary>
    private static OnnxGraph Write(DType compute, GraphOptions options)
    {
        var g = new GraphBuilder("precision", options with { Compute = compute });
        var x = g.Input("x", DType.F32, [1, Tokens, Features]);
        var weight = g.Cast(g.Input("weight", DType.F32, [Features, Features]), compute);
        var q = g.LayerNorm(g.Linear(x, weight, bias: null), "norm", 1e-6f, affine: false);
        var mixed = x + g.Attention(q, x, x, Heads);
        g.Output("y", mixed + g.Linear(g.GeluTanh(g.Linear(mixed, weight, bias: null)), weight, bias: null));
        return g.Build();
    }

    private static Tensor Run(OrtRuntime runtime, SessionSettings settings, OnnxGraph graph)
    {
        using var session = runtime.CreateSession(graph.ToBytes(), settings with { Name = graph.Name });
        using var x = Wave([1, Tokens, Features], 1);
        using var weight = Wave([Features, Features], 1 / MathF.Sqrt(Features));
        var y = Tensor.Zeros(DType.F32, [1, Tokens, Features]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("weight", weight);
        run.SetOutput("y", y);
        run.Run().Dispose();
        return y;
    }

    private static Tensor Wave(Shape shape, float height) =>
        Tensor.CopyOf<float>(shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => height * MathF.Sin(i * 0.7f))]);

    /// <summary>The largest difference as a share of the largest value; infinite where something is not a number.</summary>
    private static double Largest(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double error = 0;
        double largest = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs((double)expected[i] - actual[i]);
            error = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(error, difference);
            largest = Math.Max(largest, Math.Abs(expected[i]));
        }

        return error / largest;
    }
}
