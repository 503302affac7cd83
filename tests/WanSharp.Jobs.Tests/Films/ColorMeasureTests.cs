using WanSharp.Jobs.Films;
using WanSharp.Media.Images;

namespace WanSharp.Jobs.Tests.Films;

public sealed class ColorMeasureTests
{
    [Fact]
    public void Match_OfEqualFrames_ChangesNothing()
    {
        var frame = Frame(level => level);

        Assert.Same(frame, Match(Frame(level => level), frame).Apply(frame));
    }

    [Fact]
    public void Match_OfADarkerAndPalerClip_GivesBackTheOriginal()
    {
        var target = Frame(level => level);
        var drifted = Frame(level => (level * 0.95) - 3);

        var matched = Match(target, drifted, drifted).Apply(drifted);

        Assert.All(matched.Pixels.Zip(target.Pixels), pair => Assert.InRange(pair.First - pair.Second, -2, 2));
    }

    /// <summary>What every clip adds anew would add up over a film.</summary>
    [Fact]
    public void Match_OfAClipThatIsDarkerOnlyAtFirst_ChangesNothing()
    {
        var target = Frame(level => level);
        var (dark, bright) = (Frame(level => (level * 0.95) - 3), Frame(level => (level * 1.01) + 1));

        Assert.Same(dark, Match(target, dark, dark, target, bright).Apply(dark));
    }

    [Fact]
    public void Match_OfFramesThatDifferMoreAndLess_GivesWhatAllLack()
    {
        var target = Frame(level => level);
        var (less, more) = (Frame(level => level - 2), Frame(level => level - 9));

        Assert.Equal(target.Pixels, Match(target, more, less).Apply(less).Pixels);
    }

    /// <summary>A cut to another picture is no drift, and is not made to look like the one before.</summary>
    [Fact]
    public void Match_OfAnotherPicture_ChangesItOnlyALittle()
    {
        var bright = Frame(level => 200 + (level * 0.2));

        var matched = Match(Frame(level => level * 0.1), bright).Apply(bright);

        Assert.All(matched.Pixels.Zip(bright.Pixels), pair => Assert.InRange(pair.First - pair.Second, -64, 0));
    }

    private static ColorMatch Match(RgbImage target, params RgbImage[] frames)
    {
        var colors = new ColorMeasure(target);
        Array.ForEach(frames, colors.Add);
        return colors.Match();
    }

    private static RgbImage Frame(Func<int, double> level)
    {
        var pixels = new byte[16 * 16 * 3];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)Math.Clamp(Math.Round(level(20 + (i * 7 % 200))), 0, 255);
        }

        return new RgbImage(16, 16, pixels);
    }
}
