using WanSharp.Engine.Denoising;
using WanSharp.Engine.Scheduling;

namespace WanSharp.Engine.Tests.Scheduling;

public class BatchSizerTests
{
    private const long Plenty = 1L << 40;

    private static readonly BatchKey Key = new([1, 16, 3, 4, 6], Channels: 0, ImageFeatures: null, IsHighNoise: false);

    [Fact]
    public void LimitFor_WhereRowsBecomeCheaper_Grows()
    {
        var sizer = new BatchSizer(null, lanes: 1, Bytes, () => Plenty);

        Learn(sizer, clips => 100.0 / clips);

        Assert.Equal(EngineOptions.LargestBatch, sizer.LimitFor(Key));
    }

    [Fact]
    public void LimitFor_WhereLargerBatchesDoNotPay_StaysAtOneAndSaysWhy()
    {
        var sizer = new BatchSizer(null, lanes: 1, Bytes, () => Plenty);

        Learn(sizer, _ => 10);

        Assert.Equal(1, sizer.LimitFor(Key));
        Assert.Equal("a row takes 10.0 ms with 1 clip a step and 10.0 ms with 4", sizer.ReasonFor(Key));
    }

    [Fact]
    public void LimitFor_WhereTwoDoNotPayButFourDo_IsFour()
    {
        var sizer = new BatchSizer(null, lanes: 1, Bytes, () => Plenty);

        Learn(sizer, clips => clips < 4 ? 10 : 8);

        Assert.Equal(4, sizer.LimitFor(Key));
    }

    [Fact]
    public void LimitFor_WithoutMemoryForMore_StaysAndSaysWhy()
    {
        var sizer = new BatchSizer(null, lanes: 1, Bytes, memory: () => 0);

        Learn(sizer, clips => 100.0 / clips);

        Assert.Equal(1, sizer.LimitFor(Key));
        Assert.Contains("for activations", sizer.ReasonFor(Key), StringComparison.Ordinal);
    }

    [Fact]
    public void LimitFor_OfAnotherShape_IsLearnedApart()
    {
        var sizer = new BatchSizer(null, lanes: 1, Bytes, () => Plenty);

        Learn(sizer, clips => 100.0 / clips);

        Assert.Equal(1, sizer.LimitFor(Key with { Latents = [1, 16, 3, 8, 8] }));
    }

    [Fact]
    public void Refuse_OfABatchThatFailed_HalvesItForGood()
    {
        var sizer = new BatchSizer(null, lanes: 1, Bytes, () => Plenty);
        Learn(sizer, clips => 100.0 / clips, until: 16);

        sizer.Refuse(Key, 16);
        Learn(sizer, clips => 100.0 / clips);

        Assert.Equal(8, sizer.LimitFor(Key));
        Assert.Equal("16 clips together failed", sizer.ReasonFor(Key));
    }

    [Fact]
    public void LimitFor_AFixedSize_IsThatSize()
    {
        var sizer = new BatchSizer(3, lanes: 1, Bytes, () => Plenty);

        Learn(sizer, _ => 10);

        Assert.Equal(3, sizer.LimitFor(Key));
    }

    [Fact]
    public void LanesFor_WithMemoryForTwo_AreTwo()
    {
        var one = new BatchSizer(null, lanes: 1, Bytes, memory: () => 1);
        var bytes = 1L;
        var sizer = new BatchSizer(null, lanes: 8, Bytes, () => bytes);
        while (sizer.LanesFor(Key) < 2)
        {
            bytes *= 2;
        }

        Assert.Equal(2, sizer.LanesFor(Key));
        Assert.Equal(1, one.LanesFor(Key)); // one clip at a time is always tried
    }

    [Fact]
    public void LimitFor_WhenMemoryGoes_FallsAndRisesAgain()
    {
        var memory = Plenty;
        var sizer = new BatchSizer(4, lanes: 1, Bytes, () => memory);
        Assert.Equal(4, sizer.LimitFor(Key));

        memory = 0;
        Assert.Equal(1, sizer.LimitFor(Key)); // one clip is always tried

        memory = Plenty;
        Assert.Equal(4, sizer.LimitFor(Key));
    }

    private static long Bytes(BatchKey key, int clips) => clips * 1000L;

    private static void Learn(BatchSizer sizer, Func<int, double> millisecondsARow, int until = int.MaxValue)
    {
        for (var step = 0; step < 100 && sizer.LimitFor(Key) < until; step++)
        {
            var clips = sizer.LimitFor(Key);
            sizer.Observe(Key, clips, 2 * clips, TimeSpan.FromMilliseconds(2 * clips * millisecondsARow(clips)));
        }
    }
}
