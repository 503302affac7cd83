using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;
using static WanSharp.Jobs.Tests.Comfy.ComfyRun;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>What a node that saves gives is known before the first step where the node tells it, and checked when it is there.</summary>
public sealed class ClipFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("SaveVideo", """{"format": "auto", "codec": "auto"}""", ".mp4")]
    [InlineData("SaveVideo", """{"format": "auto", "codec": "h264"}""", ".mp4")]
    [InlineData("SaveVideo", """{"format": "auto", "codec": "av1"}""", ".webm")]
    [InlineData("SaveVideo", """{"format": "auto", "format.codec": "av1"}""", ".webm")]
    [InlineData("SaveVideo", """{"format": "mkv", "format.codec": "auto"}""", ".mkv")]
    [InlineData("SaveVideo", """{"format": "mov", "codec": "auto"}""", ".mov")]
    [InlineData("SaveVideo", """{"format": "auto", "codec": "unheard-of"}""", null)]
    [InlineData("SaveWEBM", """{"codec": "vp9"}""", ".webm")]
    [InlineData("SaveAnimatedWEBP", "{}", ".webp")]
    [InlineData("VHS_VideoCombine", """{"format": "video/h264-mp4"}""", ".mp4")]
    [InlineData("VHS_VideoCombine", """{"format": "video/nvenc_hevc-mp4"}""", ".mp4")]
    [InlineData("VHS_VideoCombine", """{"format": "video/ProRes"}""", ".mov")]
    [InlineData("VHS_VideoCombine", """{"format": "video/ffv1-mkv"}""", ".mkv")]
    [InlineData("VHS_VideoCombine", """{"format": "video/webm"}""", ".webm")]
    [InlineData("VHS_VideoCombine", """{"format": "video/av1-webm"}""", ".webm")]
    [InlineData("VHS_VideoCombine", """{"format": "video/gifski"}""", ".gif")]
    [InlineData("VHS_VideoCombine", """{"format": "image/webp"}""", ".webp")]
    [InlineData("VHS_VideoCombine", """{"format": "video/of-my-own"}""", null)]
    [InlineData("MySaveVideoNode", "{}", null)]
    public void Of_TellsWhatANodeWrites(string type, string inputs, string? expected) =>
        Assert.Equal(expected, ClipFormats.Of(new ComfyNode("1", type, System.Text.Json.Nodes.JsonNode.Parse(inputs)!.AsObject())));

    [Theory]
    [InlineData("video/ProRes", ".mov")]
    [InlineData("video/ffv1-mkv", ".mkv")]
    [InlineData("image/webp", ".webp")]
    [InlineData("video/of-my-own", ".mkv")]
    public async Task AClip_OfWhateverFormat_IsFetched(string format, string extension)
    {
        await using var server = await FakeComfy.StartAsync();
        server.Extension = extension;
        await using var backend = Backend(server, Workflows.Edit(Workflows.Wrapper, $$"""{"7": {"format": "{{format}}"} }"""));
        Assert.Contains(extension, backend.Formats!);
        await backend.RunAsync(Run(_folder, output: $"clip{extension}"), Token);
        Assert.Equal(FakeComfy.ClipAs(extension), File.ReadAllBytes(_folder[$"clip{extension}"]));
    }

    [Fact]
    public async Task AnotherFormat_ThanTheNodesIsRefusedBeforeItIsSent()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend(server, Workflows.Edit(Workflows.Wrapper, """{"7": {"format": "video/ProRes"}}"""));
        Assert.Equal([".mov"], backend.Formats);
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.Contains("writes .mov", error.Message, StringComparison.Ordinal);
        Assert.Empty(server.Sent);
    }

    [Fact]
    public async Task FramesAsSeparateFiles_AreRefusedBeforeAnythingIsSent()
    {
        await using var server = await FakeComfy.StartAsync();
        await using var backend = Backend(server, Workflows.Edit(Workflows.Wrapper, """{"7": {"format": "video/8bit-png"}}"""));
        var error = await Assert.ThrowsAsync<InvalidRequestException>(async () =>
            await backend.PrepareAsync(new JobRequest { Prompt = "p" }, Token)
        );
        Assert.Contains("node 7 (VHS_VideoCombine) writes video/8bit-png, a file for each frame", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, ".mp4", "gave 2 .mp4 files")]
    [InlineData(1, ".mkv", "gave .mkv")]
    public async Task WhatIsNotOneClip_IsNotTakenForOne(int files, string extension, string expected)
    {
        await using var server = await FakeComfy.StartAsync();
        (server.FilesPerNode, server.Extension) = (files, extension);
        await using var backend = Backend(server, Workflows.Edit(Workflows.TextToVideo, """{"50": {"codec": "unheard-of"}}"""));
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(Run(_folder), Token));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A proxy's page with status 200 must not become a clip.</summary>
    [Theory]
    [InlineData(".mp4")]
    [InlineData(".mov")]
    [InlineData(".mkv")]
    [InlineData(".webm")]
    [InlineData(".webp")]
    [InlineData(".gif")]
    [InlineData(".png")]
    public async Task AFileThatIsNotOfItsFormat_IsRefused(string extension)
    {
        await using var server = await FakeComfy.StartAsync();
        (server.Extension, server.Clip) = (extension, "<html>Sign in, please</html>"u8.ToArray());
        await using var backend = Backend(server, Workflows.Edit(Workflows.TextToVideo, """{"50": {"codec": "unheard-of"}}"""));
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => backend.RunAsync(Run(_folder, output: $"clip{extension}"), Token));
        Assert.Contains($"is not a {extension} file", error.Message, StringComparison.Ordinal);
        Assert.Equal(["1.snapshot"], _folder.Entries);
    }
}
