using WanSharp.Media.Clips;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Clips;

public sealed class ClipStructureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("clip.mp4")]
    [InlineData("clip.webm")]
    [InlineData("clip.gif")]
    [InlineData("clip.png")]
    public async Task IsWhole_OfAClipThatWeWrote_UntilAByteIsMissing(string name)
    {
        var format = new ClipFormat(64, 48, 3, 8);
        var path = _folder[name];
        await using (var writer = VideoWriter.Create(Ffmpegs.Any, OutputTarget.Parse(path), format, "{\"prompt\":\"a\"}"))
        {
            for (var i = 0; i < format.Frames; i++)
            {
                await writer.WriteAsync(
                    Enumerable.Range(0, format.FrameBytes).Select(pixel => (byte)(pixel * (i + 3))).ToArray(),
                    TestContext.Current.CancellationToken
                );
            }

            await writer.CompleteAsync(TestContext.Current.CancellationToken);
        }

        Assert.True(ClipStructure.IsWhole(path));
        var whole = File.ReadAllBytes(path);
        var cut = _folder["cut" + Path.GetExtension(name)];
        foreach (var length in Enumerable.Range(0, 40).Select(i => whole.Length * i / 40).Append(whole.Length - 1))
        {
            File.WriteAllBytes(cut, whole[..length]);
            Assert.False(ClipStructure.IsWhole(cut), $"{length} of {whole.Length} bytes");
        }

        File.WriteAllBytes(cut, new byte[whole.Length]); // what a power cut may leave of a file that was not flushed
        Assert.False(ClipStructure.IsWhole(cut));
    }

    [Fact]
    public void IsWhole_OfAnyBytes_Answers()
    {
        var random = new Random(1);
        foreach (var name in (string[])["a.mp4", "a.webm", "a.gif", "a.png", "a.webp", "a.mov", "a.mkv"])
        {
            for (var i = 0; i < 50; i++)
            {
                var bytes = new byte[random.Next(40)];
                random.NextBytes(bytes);
                File.WriteAllBytes(_folder[name], name == "a.webm" ? [0x1A, 0x45, 0xDF, 0xA3, .. bytes] : bytes);
                ClipStructure.IsWhole(_folder[name]);
            }
        }
    }

    public void Dispose() => _folder.Dispose();
}
