using WanSharp.Media.Clips;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Ffmpeg;

public class EncoderCheckTests
{
    [Theory]
    [MemberData(nameof(Ffmpegs.Both), MemberType = typeof(Ffmpegs))]
    public async Task Require_OfAnyFormat_OfACompleteBuild_IsContent(string ffmpeg)
    {
        foreach (var kind in Enum.GetValues<OutputKind>())
        {
            await EncoderCheck.RequireAsync(Ffmpegs.Get(ffmpeg), kind, TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData(OutputKind.Mp4, "libx264", ".webm, .gif")]
    [InlineData(OutputKind.WebM, "libvpx-vp9", ".mp4, .gif")]
    public async Task Require_OfAFormatWhoseEncoderIsMissing_NamesItAndTheWayOut(OutputKind kind, string encoder, string others)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-in is a shell script.");
        using var folder = new TemporaryFolder();
        var script = folder["ffmpeg"];
        File.WriteAllText(
            script,
            $"#!/bin/sh\necho \"[vost#0:0 @ 0x55d1] Unknown encoder '{encoder}'\" >&2; echo 'Error selecting an encoder' >&2; echo "
                + "'Error opening output file.' >&2; echo 'Encoder not found' >&2; exit 8\n"
        );
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var exception = await Assert.ThrowsAsync<MediaException>(() =>
            EncoderCheck.RequireAsync(script, kind, TestContext.Current.CancellationToken)
        );

        Assert.Contains($"Unknown encoder '{encoder}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains(others, exception.Message, StringComparison.Ordinal);
    }

    /// <summary>On a drive that has gone, or a script that asks somebody something.</summary>
    [Fact]
    public async Task Require_OfAnFfmpegThatNeverAnswers_NamesIt()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-in is a shell script.");
        using var folder = new TemporaryFolder();
        var script = folder["ffmpeg"];
        File.WriteAllText(script, "#!/bin/sh\nsleep 600\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var exception = await Assert.ThrowsAsync<MediaException>(() =>
            EncoderCheck.RequireAsync(script, OutputKind.Mp4, TimeSpan.FromSeconds(0.5), TestContext.Current.CancellationToken)
        );

        Assert.Contains($"{script} has not written", exception.Message, StringComparison.Ordinal);
        Assert.Contains("WAN_FFMPEG", exception.Message, StringComparison.Ordinal);
    }
}
