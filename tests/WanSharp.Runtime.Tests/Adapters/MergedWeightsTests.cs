using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Adapters;

/// <summary>Merged weights are the checkpoint's with the LoRA's products added, kept on disk or in memory.</summary>
public sealed class MergedWeightsTests : IDisposable
{
    private const string Plain = "blocks.0.plain.weight";
    private const string Large = "blocks.0.large.weight"; // what the LoRA makes of it is beyond F16
    private const int Rows = 130; // more than are made at a time, and no multiple of it
    private const int Columns = 67;
    private const int Rank = 3;
    private const float Strength = 0.5f;

    private readonly TemporaryFolder _folder = new();
    private readonly Tensor _down = Filled(DType.BF16, [Rank, Columns], i => (i % 7) - 3);
    private readonly Tensor _up = Filled(DType.F16, [Rows, Rank], i => (i % 5) + 1);
    private readonly WeightStore _weights;

    public MergedWeightsTests()
    {
        using var plain = Filled(DType.F16, [Rows, Columns], i => i % 11);
        using var large = Filled(DType.F16, [Rows, Columns], _ => 65504);
        SafetensorsWriter.Write(_folder["model.safetensors"], new Dictionary<string, Tensor> { [Plain] = plain, [Large] = large });
        _weights = new WeightStore(Checkpoint.Open(_folder["model.safetensors"]));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _weights.Dispose();
        _down.Dispose();
        _up.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OpenAsync_AddsTheProducts_AndKeepsInF32WhatF16DoesNotHold(bool isKept)
    {
        using var merged = await Merged(scale: 10).OpenAsync(isKept ? _folder["cache"] : null, prepared: null, Token);

        AssertEqual(DType.F16, merged.GetStored(Plain), i => i % 11);
        AssertEqual(DType.F32, merged.GetStored(Large), _ => 65504);
    }

    [Fact]
    public async Task OpenAsync_OfNumbersThatAreNotFinite_IsRefusedAndKeepsNothing()
    {
        var refused = await Assert.ThrowsAsync<CheckpointException>(() =>
            Merged(scale: float.MaxValue).OpenAsync(_folder["cache"], prepared: null, Token)
        );

        Assert.Contains("not finite", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder["cache"], "*.safetensors", SearchOption.AllDirectories));
    }

    private MergedWeights Merged(double scale)
    {
        Shape shape = [Rows, Columns];
        var changes = new[] { Plain, Large }.ToDictionary(
            name => name,
            _ => (IReadOnlyList<WeightChange>)[new LowRankChange(_down, _up, scale)]
        );
        return new MergedWeights(
            _weights,
            [new LoraChanges("small", changes)],
            [Strength],
            new Dictionary<string, Shape> { [Plain] = shape, [Large] = shape }
        );
    }

    /// <summary>All numbers are small integers and their halves: nothing is rounded but the large weight, in F32.</summary>
    private void AssertEqual(DType dtype, Tensor merged, Func<int, float> before)
    {
        using var down = _down.ConvertTo(DType.F32);
        using var up = _up.ConvertTo(DType.F32);
        using var actual = merged.ConvertTo(DType.F32);
        Assert.Equal(dtype, merged.DType);
        for (var i = 0; i < Rows * Columns; i++)
        {
            var sum = Enumerable
                .Range(0, Rank)
                .Sum(k => up.Read<float>()[(i / Columns * Rank) + k] * down.Read<float>()[(k * Columns) + (i % Columns)]);
            Assert.Equal(before(i) + (10 * Strength * sum), actual.Read<float>()[i]);
        }
    }

    private static Tensor Filled(DType dtype, Shape shape, Func<int, float> value)
    {
        using var wide = Tensor.Zeros(DType.F32, shape);
        var values = wide.Write<float>();
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(i);
        }

        return wide.ConvertTo(dtype);
    }
}
