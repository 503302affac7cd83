using WanSharp.Engine.Features;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Features;

/// <summary>Cameras by name are those of the lines that VideoX-Fun's code writes.</summary>
public sealed class CameraPathTests
{
    private const float Tolerance = 1e-6f; // lines are rounded to F32

    /// <summary>A tenth line of a clip of ten frames, as comfyui/camera_utils.py makes it: nine tenths of the move.</summary>
    [Theory]
    [InlineData("static", "1 0 0 0 0 1 0 0 0 0 1 0")]
    [InlineData("pan-left", "1 0 0 1.35 0 1 0 0 0 0 1 0")]
    [InlineData("pan-up", "1 0 0 0 0 1 0 1.35 0 0 1 0")]
    [InlineData("zoom-out", "1 0 0 0 0 1 0 0 0 0 1 2.7")]
    [InlineData("pan-right+zoom-in", "1 0 0 -1.35 0 1 0 0 0 0 1 -2.7")]
    [InlineData("anticlockwise", "0.5877852522924731 -0.8090169943749475 0 0 0.8090169943749475 0.5877852522924731 0 0 0 0 1 0")]
    public void Of_Moves_IsThatOfVideoXFunsLines(string moves, string world)
    {
        const string Still = "1 0 0 0 0 1 0 0 0 0 1 0";
        double[] Line(string text) => [.. $"0 0.532139961 0.946026558 0.5 0.5 0 0 {text}".Split(' ').Select(double.Parse)];

        var ours = CameraPath.Of(new CameraPlan(moves, 1, File: null), frames: 10).Numbers(832, 480);
        var theirs = CameraPath.Parse([Line(Still), Line(world)]).Numbers(832, 480);

        Assert.Equal(16 * (4 + 9), ours.Length); // the first frame counts four times
        Assert.Equal(ours[..16], ours[48..64]);
        foreach (var (mine, other) in ours[..16].Zip(theirs[..16]).Concat(ours[^16..].Zip(theirs[^16..])))
        {
            Assert.Equal(other, mine, Tolerance);
        }
    }

    /// <summary>The first line is an address, and not read: a camera in it would be a frame that is missing.</summary>
    [Fact]
    public void Of_AFileWithoutAHeading_IsRefused()
    {
        using var folder = new TemporaryFolder();
        const string Line = "0 0.5 0.9 0.5 0.5 0 0 1 0 0 0 0 1 0 0 0 0 1 0\n";
        File.WriteAllText(folder["poses.txt"], string.Concat(Enumerable.Repeat(Line, 6)));
        var plan = new CameraPlan("poses.txt", 1, new ControlFile("camera", new ClipPart(folder["poses.txt"])));

        var refused = Assert.Throws<InvalidRequestException>(() => CameraPath.Of(plan, frames: 5));

        Assert.Contains("line 1: it is a camera", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Focal lengths are of frames of 16:9: a narrower clip sees less at the sides, a wider one less above and below.</summary>
    [Theory]
    [InlineData(1280, 720, 681.139f, 681.139f)]
    [InlineData(720, 720, 681.139f, 681.139f)]
    [InlineData(1440, 720, 766.282f, 766.282f)]
    public void Numbers_OfOtherShapes_KeepPixelsSquare(int width, int height, float fx, float fy)
    {
        var numbers = CameraPath.Of(new CameraPlan("static", 1, File: null), frames: 1).Numbers(width, height);

        Assert.Equal(fx, numbers[0], 0.01f);
        Assert.Equal(fy, numbers[1], 0.01f);
        Assert.Equal((width / 2f, height / 2f), (numbers[2], numbers[3]));
    }
}
