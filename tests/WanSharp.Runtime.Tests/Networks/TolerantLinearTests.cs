using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>A linear layer over 8-bit integers.</summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class TolerantLinearTests(RuntimeFixture fixture)
{
    private const int InFeatures = 96;
    private const int OutFeatures = 40;

    private const float Rounding = 1e-5f; // the two lowerings multiply the same factors in another order

    [Theory]
    [InlineData(Lowering.Fused)]
    [InlineData(Lowering.Plain)]
    public void Run_OfRowsOfAllMagnitudes_QuantizesEachByItself(Lowering lowering)
    {
        float[] factors = [1, 1e-6f, 1e6f, 0];
        float[] x = [.. Enumerable.Range(0, factors.Length * InFeatures).Select(i => factors[i / InFeatures] * MathF.Sin(0.61f * i))];
        var (weight, bias) = (Weight(), Bias());

        var y = Run(lowering, x);

        for (var row = 0; row < factors.Length; row++)
        {
            var values = x.AsSpan(row * InFeatures, InFeatures).ToArray();
            var step = values.Max(MathF.Abs) / 127;
            for (var column = 0; column < OutFeatures; column++)
            {
                var channel = weight.AsSpan(column * InFeatures, InFeatures).ToArray();
                var weightStep = channel.Max(MathF.Abs) / Int8Codes.Largest;
                var expected = (double)bias[column];
                for (var i = 0; i < InFeatures; i++)
                {
                    expected += step == 0 ? 0 : Math.Round(values[i] / step) * step * Math.Round(channel[i] / weightStep) * weightStep;
                }

                // A value half-way between two codes may go either way, which is one step of one weight.
                var tolerance = (step * weightStep * Int8Codes.Largest) + (Rounding * Math.Abs(expected));
                Assert.InRange(y[(row * OutFeatures) + column], expected - tolerance, expected + tolerance);
            }
        }
    }

    [Fact]
    public void Run_OfOneRowBesideOthers_GivesTheSameBits()
    {
        float[] row = [.. Enumerable.Range(0, InFeatures).Select(i => MathF.Cos(0.83f * i))];
        float[] outlier = [.. Enumerable.Range(0, InFeatures).Select(i => i == 7 ? 1e8f : MathF.Cos(i))];

        var alone = Run(Lowering.Fused, row);

        foreach (var neighbours in new[] { 1, 2, 7, 40 }) // matrix kernels take some rows at a time
        {
            float[] others = [.. Enumerable.Repeat(outlier, neighbours).SelectMany(values => values)];
            var y = Run(Lowering.Fused, [.. others, .. row]);
            Assert.Equal(alone, y[^OutFeatures..]);
        }
    }

    private float[] Run(Lowering lowering, float[] x)
    {
        var g = new GraphBuilder("test", new GraphOptions { Lowering = lowering, Quantization = Quantization.EightBit });
        g.Output("y", g.TolerantLinear(g.Input("x", DType.F32, ["rows", InFeatures]), "layer", OutFeatures));
        var graph = g.Build();
        var slots = QuantizedWeight.Among(graph.Weights).Single();
        Assert.Equal("layer.weight", slots.Source.Name);
        using var weight = Tensor.CopyOf<float>(slots.Source.Shape, Weight());
        using var codes = Tensor.Zeros(slots.Codes.DType, slots.Codes.Shape);
        using var scales = Tensor.Zeros(slots.Scales.DType, slots.Scales.Shape);
        Assert.True(Int8Codes.TryWrite(weight, codes, scales, TestContext.Current.CancellationToken));
        using var bias = Tensor.CopyOf<float>([OutFeatures], Bias());
        using var rows = Tensor.CopyOf<float>([x.Length / InFeatures, InFeatures], x);

        using var session = fixture.Runtime.CreateSession(graph.ToBytes(), new SessionSettings { Name = graph.Name });
        using var run = session.Prepare();
        run.SetInput("x", rows);
        run.SetInput(slots.Codes.Name, codes);
        run.SetInput(slots.Scales.Name, scales);
        run.SetInput("layer.bias", bias);
        using var result = run.Run(TestContext.Current.CancellationToken);
        return result["y"].AsTensor().Read<float>().ToArray();
    }

    private static float[] Weight() => [.. Enumerable.Range(0, OutFeatures * InFeatures).Select(i => 0.2f * MathF.Sin(1.7f * i))];

    private static float[] Bias() => [.. Enumerable.Range(0, OutFeatures).Select(i => 0.01f * i)];
}
