using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>Matrix products in F16 between islands of F32: what devices compute in, held to F32 on the processor.</summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class NarrowComputeTests(RuntimeFixture fixture)
{
    /// <summary>
    /// F16 rounds each factor by up to 2⁻¹¹ of itself; a few dozen roundings a block over three blocks, of the largest value.
    /// </summary>
    private const float HalfTolerance = 1e-2f;

    [Theory]
    [InlineData(CompileMode.Blocks)]
    [InlineData(CompileMode.Whole)]
    public async Task Forward_InF16_IsCloseToF32(CompileMode mode)
    {
        var expected = await ForwardAsync(mode, DType.F32);
        var actual = await ForwardAsync(mode, DType.F16);

        var largest = expected.Max(MathF.Abs);
        var worst = expected.Zip(actual, (e, a) => MathF.Abs(e - a)).Max() / largest;
        Assert.True(
            worst is > 1e-6f and <= HalfTolerance,
            $"The largest error is {worst} of the largest value: {HalfTolerance} is allowed, and none would mean F32."
        );
    }

    [Fact]
    public async Task CreateAsync_InBF16_OnTheCpu_SaysThatThereIsNoKernel()
    {
        var error = await Assert.ThrowsAsync<OrtException>(() => ForwardAsync(CompileMode.Blocks, DType.BF16));

        Assert.Equal(OrtErrorCode.NotImplemented, error.Code);
    }

    private async Task<float[]> ForwardAsync(CompileMode mode, DType compute)
    {
        var token = TestContext.Current.CancellationToken;
        using var network = NetworkFixture.Open("dit-t2v");
        using var graphs = new GraphCache(fixture.Runtime);
        var config = network.TransformerConfig();
        var options = new TransformerOptions { Mode = mode, Compute = compute };
        using var transformer = await TransformerRunner.CreateAsync(
            graphs,
            config,
            network.Store,
            new SessionSettings(),
            options: options,
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
