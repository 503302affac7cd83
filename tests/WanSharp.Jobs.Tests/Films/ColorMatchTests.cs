using WanSharp.Jobs.Films;
using WanSharp.Media.Images;

namespace WanSharp.Jobs.Tests.Films;

public sealed class ColorMatchTests
{
    [Fact]
    public void Between_EqualFrames_ChangesNothing()
    {
        var frame = Frame(level => level);

        Assert.Same(frame, ColorMatch.Between(frame, Frame(level => level)).Apply(frame));
    }

    [Fact]
    public void Apply_ToADarkerAndPalerFrame_GivesBackTheOther()
    {
        var target = Frame(level => level);
        var drifted = Frame(level => (level * 0.95) - 3);

        var matched = ColorMatch.Between(drifted, target).Apply(drifted);

        Assert.All(matched.Pixels.Zip(target.Pixels), pair => Assert.InRange(pair.First - pair.Second, -2, 2));
    }

    /// <summary>A cut to another picture is no drift, and is not made to look like the one before.</summary>
    [Fact]
    public void Apply_ToAnotherPicture_ChangesItOnlyALittle()
    {
        var bright = Frame(level => 200 + (level * 0.2));

        var matched = ColorMatch.Between(bright, Frame(level => level * 0.1)).Apply(bright);

        Assert.All(matched.Pixels.Zip(bright.Pixels), pair => Assert.InRange(pair.First - pair.Second, -64, 0));
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
