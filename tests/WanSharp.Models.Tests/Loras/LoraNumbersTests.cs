using WanSharp.Models.Loras;
using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;

namespace WanSharp.Models.Tests.Loras;

/// <summary>Factors that no training leaves are refused; those of a layer that was not trained are not.</summary>
public sealed class LoraNumbersTests
{
    [Theory]
    [InlineData(0.01f, 0f, 1, null)]
    [InlineData(0.5f, 20f, 1, null)] // after a decomposition
    [InlineData(30f, 30f, 0.001, null)] // a tiny alpha
    [InlineData(0f, 0.1f, 1, "not complete")]
    [InlineData(0f, 0f, 1, "not complete")]
    [InlineData(224f, 60f, 1, "scales")]
    [InlineData(0.1f, float.NaN, 1, "tensor 'b': it holds NaN")]
    public void Require_EachKind_PassesOrSaysWhy(float down, float up, double scale, string? expected)
    {
        using var first = Tensor.CopyOf<float>([2, 2], [down, down, down, down]);
        using var second = Tensor.CopyOf<float>([2, 2], [up, up, up, -up]);

        var refused = Record.Exception(() => LoraNumbers.Require("l", ("a", first), ("b", second), scale));

        Assert.Equal(expected is null, refused is null);
        Assert.Contains(expected ?? "", refused?.Message ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.1f, 0f, "alpha is 0")]
    [InlineData(0f, 1f, "second factors")]
    [InlineData(0.1f, 1f, null)]
    public void NoEffect_OfChanges_SaysWhyThereIsNone(float up, double scale, string? expected)
    {
        using var factor = Tensor.CopyOf<float>([2, 2], [0.1f, 0, 0, 0.1f]);
        using var second = Tensor.CopyOf<float>([2, 2], [up, 0, 0, up]);
        var reason = LoraNumbers.NoEffect([new LowRankChange(factor, second, scale)]);
        Assert.Equal(expected is null, reason is null);
        Assert.Contains(expected ?? "", reason ?? "", StringComparison.Ordinal);
    }
}
