using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>Attention in plain operators, for some queries at a time: the same numbers in less memory.</summary>
[NoLiveObjects]
[Collection(nameof(RuntimeMemoryTests))]
public sealed class QueryBlocksTests(RuntimeFixture fixture) : IDisposable
{
    private const int Heads = 2;
    private const int Features = 8;

    private static readonly GraphOptions Plain = new() { FusedAttention = false };

    private readonly RuntimeMemory _memory = fixture.Runtime.Memory;

    public void Dispose() => _memory.Refuses = null;

    [Theory]
    [InlineData(64)]
    [InlineData(67)] // parts differ in their length
    [InlineData(8)] // a query each
    public void Attention_InParts_GivesTheSameNumbers(int tokens)
    {
        const float Rounding = 1e-6f; // a product of one row has a kernel of its own
        var (whole, parts) = (Run(tokens, blocks: 1).Values, Run(tokens, blocks: 8).Values);

        Assert.Equal(whole.Length, parts.Length);
        Assert.All(whole.Zip(parts), pair => Assert.Equal(pair.First, pair.Second, Rounding));
    }

    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.F16)]
    public void Attention_InParts_HoldsTheScoresOfOne(DType compute)
    {
        const int Tokens = 512;
        var lengths = new Dictionary<string, long> { ["tokens"] = Tokens };
        foreach (var blocks in (int[])[1, 4, 16])
        {
            var (_, most) = Run(Tokens, blocks, compute);
            var counted = Write(blocks, compute).CountWork(lengths).PeakBytes;

            var scores = (double)Heads * Tokens * Tokens / blocks * sizeof(float);
            Assert.InRange(counted, scores, 4 * scores + (16 * Tokens * Features * sizeof(float)));
            Assert.InRange(most, scores, counted * 1.1);
        }
    }

    [Theory]
    [InlineData(1, 1000, 1)]
    [InlineData(1, 20_000, 8)]
    [InlineData(2, 20_000, 16)]
    [InlineData(1, 1_000_000, 16_384)]
    public void For_AsManyTokens_KeepsTheScoresWithinTheLimit(int batch, long tokens, int expected)
    {
        const long Most = 1L << 30;
        var config = new TransformerConfig { Dim = Features, Heads = Heads };

        var blocks = QueryBlocks.For(Plain, config, batch, tokens, Most);

        Assert.Equal(expected, blocks);
        Assert.InRange((double)batch * Heads * tokens * tokens * 2 * sizeof(float) / blocks, 0, Most);
        Assert.Equal(1, QueryBlocks.For(new GraphOptions(), config, batch, tokens, Most));
    }

    private static OnnxGraph Write(int blocks, DType compute)
    {
        var options = Plain with { QueryBlocks = blocks, Compute = compute, NarrowOperators = NarrowOperators.Moves };
        var g = new GraphBuilder("test", options);
        var x = g.Input("x", DType.F32, [1, "tokens", Features]);
        g.Output("y", g.Cast(g.Attention(x, x, x, Heads), DType.F32));
        return g.Build();
    }

    /// <summary>What comes out, and the most that was taken meanwhile.</summary>
    private (float[] Values, long Bytes) Run(int tokens, int blocks, DType compute = DType.F32)
    {
        using var session = fixture.Runtime.CreateSession(
            Write(blocks, compute).ToBytes(),
            new SessionSettings { Name = "test", MemoryPattern = false }
        );
        using var x = Tensor.CopyOf<float>(
            [1, tokens, Features],
            [.. Enumerable.Range(0, tokens * Features).Select(i => MathF.Sin(0.7f * i))]
        );
        using var run = session.Prepare();
        run.SetInput("x", x);
        var (before, most) = (_memory.InUse, 0L);
        _memory.Refuses = bytes =>
        {
            most = Math.Max(most, _memory.InUse + bytes - before);
            return false;
        };
        try
        {
            using var result = run.Run(TestContext.Current.CancellationToken);
            return (result["y"].AsTensor().Read<float>().ToArray(), most);
        }
        finally
        {
            _memory.Refuses = null;
        }
    }
}
