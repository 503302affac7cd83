using WanSharp.Jobs.Films;
using WanSharp.Media.Images;

namespace WanSharp.Jobs.Tests.Films;

public sealed class JointFadeTests
{
    /// <summary>A still picture that comes back paler: it fades over six frames instead of jumping.</summary>
    [Fact]
    public void Apply_ToAStillClip_TurnsTheStepIntoSmallOnes()
    {
        var fade = JointFade.Between(Frame(100), Frame(86), Frame(86), shown: 16);

        Assert.Equal([98, 96, 94, 92, 90, 88, 86, 86], Enumerable.Range(0, 8).Select(i => (int)fade.Apply(Frame(86), i).Pixels[0]));
    }

    /// <summary>The frame itself came back as it was: what differs after it is motion, which leaves no shadow.</summary>
    [Theory]
    [InlineData(200, 200, 20)]
    [InlineData(200, 210, 20)]
    [InlineData(20, 10, 200)]
    public void Apply_WhereSomethingMoves_LeavesThePixelAlone(byte before, byte same, byte next)
    {
        var fade = JointFade.Between(Frame(before), Frame(same), Frame(next), shown: 16);

        Assert.Equal(next, fade.Apply(Frame(next), 0).Pixels[0]);
    }

    [Fact]
    public void Apply_WhereSomethingMovesAndWasPaler_GivesBackNoMoreThanWasMissing()
    {
        var fade = JointFade.Between(Frame(200), Frame(186), Frame(20), shown: 16);

        Assert.Equal(32, fade.Apply(Frame(20), 0).Pixels[0]);
    }

    /// <summary>The next clip begins with it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Apply_ToTheLastFrame_ChangesNothing(int shown)
    {
        var last = Frame(90);

        Assert.Same(last, JointFade.Between(Frame(100), Frame(90), Frame(90), shown).Apply(last, shown - 1));
    }

    private static RgbImage Frame(byte level) => new(2, 2, [.. Enumerable.Repeat(level, 12)]);
}
