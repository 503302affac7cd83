using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>Matrix products in narrow types between islands of F32: what devices compute in, held to F32 on the processor.</summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class NarrowComputeTests(RuntimeFixture fixture)
{
    [Theory]
    [InlineData(CompileMode.Blocks, DType.F16)]
    [InlineData(CompileMode.Whole, DType.F16)]
    [InlineData(CompileMode.Blocks, DType.BF16)]
    [InlineData(CompileMode.Whole, DType.BF16)]
    public async Task Forward_InANarrowType_IsAsFarFromF32AsRoundingExplains(CompileMode mode, DType compute)
    {
        var expected = await ForwardAsync(mode, DType.F32);
        var actual = await ForwardAsync(mode, compute);

        var largest = expected.Max(MathF.Abs);
        var worst = expected.Zip(actual, (e, a) => MathF.Abs(e - a)).Max() / largest;
        var roundings = RoundingsOf(compute);
        var limit = RoundingError.Of(compute, roundings, expected.Length);
        Assert.True(
            worst > RoundingError.Of(compute, 1, 1) / 10 && worst <= limit,
            $"The largest error is {worst} of the largest value after {roundings} roundings: {limit} is allowed, and none would mean F32."
        );
    }

    private int RoundingsOf(DType compute)
    {
        using var network = NetworkFixture.Open("dit-t2v");
        var options = fixture.Runtime.GraphOptionsFor(new SessionSettings { Compute = compute });
        return WanTransformer.Whole(network.TransformerConfig(), options).Outputs.Max(output => output.Roundings);
    }

    private async Task<float[]> ForwardAsync(CompileMode mode, DType compute)
    {
        var token = TestContext.Current.CancellationToken;
        using var network = NetworkFixture.Open("dit-t2v");
        using var graphs = new GraphCache(fixture.Runtime);
        var config = network.TransformerConfig();
        using var transformer = await TransformerRunner.CreateAsync(
            graphs,
            config,
            network.Store,
            new SessionSettings { Compute = compute },
            options: new TransformerOptions { Mode = mode },
            cancellationToken: token
        );
        using var latents = Wave([1, config.InChannels, 3, 4, 6]);
        using var context = Wave([1, config.TextLength, config.TextDim]);
        using var velocity = Tensor.Zeros(DType.F32, [1, config.OutChannels, 3, 4, 6]);
        transformer.Forward(latents, [500], context, velocity, cancellationToken: token);
        return velocity.Read<float>().ToArray();
    }

    private static Tensor Wave(Shape shape) =>
        Tensor.CopyOf<float>(shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => MathF.Sin(0.7f * i))]);
}
