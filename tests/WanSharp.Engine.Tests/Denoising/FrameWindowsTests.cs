using WanSharp.Engine.Denoising;
using WanSharp.Tensors;

namespace WanSharp.Engine.Tests.Denoising;

/// <summary>Where windows lie, what they hold, and how much each of their frames counts.</summary>
public sealed class FrameWindowsTests
{
    /// <summary>Weights are rounded one by one.</summary>
    private const double Rounding = 1e-6;

    public static TheoryData<int, int, int, int> Divisions
    {
        get
        {
            var data = new TheoryData<int, int, int, int>();
            for (var length = 2; length <= 7; length++)
            {
                for (var overlap = 1; overlap < length; overlap++)
                {
                    foreach (var frames in Enumerable.Range(length + 1, 3 * length))
                    {
                        data.Add(frames, length, overlap, frames % 3);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Divisions))]
    public void Windows_OfEachStep_CoverAllFramesAndWeighOne(int frames, int length, int overlap, int references)
    {
        var moving = new MovingWindows(frames, length, overlap, references);
        for (var step = 0; step < 2 * length; step++)
        {
            var windows = moving.At(step).All;

            Assert.InRange(windows.Count, 2, moving.Most);
            Assert.Equal(0, windows[0].Start);
            Assert.Equal(frames - length, windows[^1].Start);
            Assert.All(windows, window => Assert.Equal(length, window.Weights.Count));
            Assert.All(
                windows.Zip(windows.Skip(1)),
                pair => Assert.InRange(pair.First.Start + length - pair.Second.Start, overlap, length - 1)
            );
            var sums = new double[frames];
            foreach (var (window, at) in windows.SelectMany(window => Enumerable.Range(0, length).Select(at => (window, at))))
            {
                Assert.InRange(window.Weights[at], float.Epsilon, 1 + (float)Rounding);
                sums[window.Start + at] += window.Weights[at];
            }

            Assert.All(sums, sum => Assert.InRange(sum, 1 - Rounding, 1 + Rounding));
        }

        var fewest = (frames - overlap + length - overlap - 1) / (length - overlap);
        Assert.Equal(fewest, moving.At(0).All.Count);
        Assert.InRange(moving.Most, fewest, fewest + 1);
    }

    [Fact]
    public void Windows_OfSteps_BeginElsewhere()
    {
        var moving = new MovingWindows(frames: 17, length: 5, overlap: 1, references: 0);

        Assert.Equal([0, 4, 8, 12], Starts(0));
        Assert.Equal([0, 2, 6, 10, 12], Starts(1));
        Assert.Equal(5, moving.Most);
        Assert.Equal(4, Enumerable.Range(0, 5).Select(step => string.Join(' ', Starts(step))).Distinct().Count());

        IEnumerable<int> Starts(int step) => moving.At(step).All.Select(window => window.Start);
    }

    [Fact]
    public void Weights_OverAnOverlap_RiseAndFallInAStraightLine()
    {
        var windows = new MovingWindows(frames: 7, length: 5, overlap: 3, references: 0).At(0).All;

        Assert.Equal([0, 2], windows.Select(window => window.Start));
        Assert.Equal([1, 1, 0.75f, 0.5f, 0.25f], windows[0].Weights);
        Assert.Equal([0.25f, 0.5f, 0.75f, 1, 1], windows[1].Weights);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void TakeAndAdd_OfAllWindows_GiveTheWholeAgain(int references)
    {
        const int Channels = 3;
        const int Area = 4;
        var windows = new MovingWindows(frames: 11, length: 4, overlap: 2, references).At(1);
        var whole = Enumerable.Range(0, Channels * (11 + references) * Area).Select(i => (float)i).ToArray();
        var sum = new float[whole.Length];
        var shape = windows.ShapeOf([1, Channels, 11 + references, 2, 2]);
        Assert.Equal<Shape>([1, Channels, 4 + references, 2, 2], shape);
        var part = new float[shape.ElementCount];

        for (var window = 0; window < windows.All.Count; window++)
        {
            windows.Take(window, Channels, whole, part);

            Assert.Equal(whole[..(references * Area)], part[..(references * Area)]); // in front of each
            Assert.Equal((references + windows.All[window].Start) * Area, part[references * Area]);
            windows.Add(window, Channels, part, sum);
        }

        Assert.All(whole.Zip(sum), pair => Assert.InRange(pair.Second - pair.First, -1e-4f, 1e-4f));
    }

    [Theory]
    [InlineData(17, 5, 1, 0)]
    [InlineData(17, 5, 3, 1)]
    [InlineData(9, 4, 2, 2)]
    public void ShareNoise_GivesEachWindowThatOfTheFirst(int frames, int length, int overlap, int references)
    {
        const int Channels = 2;
        const int Area = 3;
        var windows = new MovingWindows(frames, length, overlap, references).At(0);
        var own = Enumerable.Range(0, Channels * (references + frames) * Area).Select(i => (float)i).ToArray();
        var (noise, part) = (own.ToArray(), new float[Channels * (references + length) * Area]);

        windows.ShareNoise(Channels, noise, [.. Enumerable.Range(0, frames).Select(frame => frame * 7f % 5)]);

        windows.Take(0, Channels, own, part);
        var first = part.ToArray();
        for (var window = 0; window < windows.All.Count; window++)
        {
            windows.Take(window, Channels, noise, part);
            Assert.Equal(first.Order(), part.Order());
        }

        windows.Take(0, Channels, noise, part);
        Assert.Equal(first, part); // which is as it was
    }

    [Theory]
    [InlineData(5, 5, 1)] // all frames: no window
    [InlineData(9, 5, 0)]
    [InlineData(9, 5, 5)]
    public void Windows_ThatDoNotOverlapOrDivide_AreRefused(int frames, int length, int overlap) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MovingWindows(frames, length, overlap, references: 0));
}
