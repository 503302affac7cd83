using System.Text;
using WanSharp.Media.Clips;
using WanSharp.Media.Metadata;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Clips;

public sealed class HostileFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Ffmpegs.Both), MemberType = typeof(Ffmpegs))]
    public async Task NoClip_SaysSo(string name)
    {
        var ffmpeg = Ffmpegs.Get(name);
        await File.WriteAllTextAsync(_folder["secret.txt"], "secret", Token);
        var files = new Dictionary<string, string>
        {
            ["text.mp4"] = "this is not a clip",
            ["empty.mp4"] = "",
            ["playlist.mp4"] = $"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{_folder["secret.txt"]}\n#EXT-X-ENDLIST\n",
            ["list.mp4"] = $"ffconcat version 1.0\nfile '{_folder["secret.txt"]}'\n",
        };
        foreach (var (file, content) in files)
        {
            await File.WriteAllTextAsync(_folder[file], content, Token);
            var metadata = await Assert.ThrowsAsync<MediaException>(() => MetadataReader.ReadAsync(ffmpeg, _folder[file], Token));
            Assert.StartsWith($"{_folder[file]} cannot be read as a clip: ", metadata.Message, StringComparison.Ordinal);
            var video = await Assert.ThrowsAsync<MediaException>(() => CountAsync(ffmpeg, _folder[file]));
            Assert.StartsWith($"{_folder[file]} cannot be read as a clip: ", video.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("text.mp4", "this is not a clip", "it is a text (this is not a clip), not a clip.")]
    [InlineData("empty.mp4", "", "it is empty. Get the file again.")]
    [InlineData("zeros.mp4", "\0\0\0\0\0\0\0\0", "it begins with zeros: its download is not complete. Get the file again.")]
    [InlineData("page.mp4", "<!DOCTYPE html><html>", "it is a web page (download the file by its link), not a clip.")]
    [InlineData("answer.mp4", "{\"error\": 404}", "it is a JSON text ({\"error\": 404}), not a clip.")]
    [InlineData("book.mp4", "%PDF-1.7\0\u0001", "it is a PDF document, not a clip.")]
    [InlineData("noise.mp4", "\u0001\u0002\u0003", "it is not a clip of a kind that is known: mp4, mov, mkv, ")]
    [InlineData("pointer.mp4", "version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer, ")]
    [InlineData("cut.mp4", "\0\0\0\u0020ftypisom\0\0\u0002\0", "it is damaged or incomplete (ffmpeg says: ")]
    public async Task NoClip_IsCalledWhatItIs(string name, string content, string expected)
    {
        await File.WriteAllTextAsync(_folder[name], content, Token);

        var error = await Assert.ThrowsAsync<MediaException>(() => CountAsync(Ffmpegs.Any, _folder[name]));

        Assert.StartsWith($"{_folder[name]} cannot be read as a clip: {expected}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingFileOrFolder_SaysSo()
    {
        foreach (
            var (path, reason) in new[]
            {
                (_folder["none.mp4"], "does not exist: check the path."),
                (_folder.Path, "is a folder: name a file in it."),
            }
        )
        {
            var metadata = await Assert.ThrowsAsync<MediaException>(() => MetadataReader.ReadAsync(Ffmpegs.Any, path, Token));
            Assert.Equal($"{path} {reason}", metadata.Message);
            var video = await Assert.ThrowsAsync<MediaException>(() => CountAsync(Ffmpegs.Any, path));
            Assert.Equal($"{path} {reason}", video.Message);
        }
    }

    [Theory]
    [InlineData("gif")]
    [InlineData("png")]
    public async Task DamagedAnywhere_GivesTheSettingsOrNoneOrAClearError(string extension)
    {
        const string Settings = """{"prompt":"a red circle","seed":"42"}""";
        var file = _folder["clip." + extension];
        Assert.True(OutputTarget.TryParse(file, out var target, out _));
        await using (var writer = VideoWriter.Create(Ffmpegs.Any, target, new ClipFormat(16, 16, 1, 16), Settings))
        {
            await writer.WriteAsync(new byte[16 * 16 * 3], Token);
            await writer.CompleteAsync(Token);
        }

        var whole = await File.ReadAllBytesAsync(file, Token);
        Assert.Equal(Settings, Read(whole));
        for (var at = 8; at < whole.Length; at++)
        {
            AssertHarmless(whole[..at]);
            foreach (var value in new byte[] { 0x00, 0x7F, 0xFF })
            {
                var damaged = (byte[])whole.Clone();
                damaged[at] = value;
                AssertHarmless(damaged);
            }
        }

        string? Read(byte[] bytes) =>
            extension == "gif" ? GifComment.Read(new MemoryStream(bytes), file) : PngText.Read(new MemoryStream(bytes), file);

        void AssertHarmless(byte[] bytes)
        {
            try
            {
                Assert.InRange(Read(bytes)?.Length ?? 0, 0, whole.Length);
            }
            catch (IOException)
            {
                // Cut short or damaged: what MetadataReader puts into words.
            }
        }
    }

    [Fact]
    public async Task CutOff_SaysSo()
    {
        await File.WriteAllBytesAsync(_folder["a.gif"], [.. "GIF89a"u8], Token);
        var error = await Assert.ThrowsAsync<MediaException>(() => MetadataReader.ReadAsync(Ffmpegs.Any, _folder["a.gif"], Token));
        Assert.Equal($"{_folder["a.gif"]} is cut short.", error.Message);
    }

    [Fact]
    public async Task CommentOfSomebodyElse_IsNotOurs()
    {
        byte[] gif = [.. "GIF89a"u8, 1, 0, 1, 0, 0, 0, 0, 0x21, 0xFE, 5, .. "hello"u8, 0, 0x3B];
        await File.WriteAllBytesAsync(_folder["a.gif"], gif, Token);
        Assert.Equal("hello", GifComment.Read(new MemoryStream(gif), "a.gif"));
        Assert.Null(await MetadataReader.ReadAsync(Ffmpegs.Any, _folder["a.gif"], Token));
    }

    [Fact]
    public void GifComment_TooLong_IsRefused()
    {
        byte[] block = [255, .. Encoding.ASCII.GetBytes(new string('x', 255))];
        byte[] gif = [.. "GIF89a"u8, 1, 0, 1, 0, 0, 0, 0, 0x21, 0xFE, .. Enumerable.Repeat(block, 5000).SelectMany(b => b), 0, 0x3B];
        Assert.Throws<MediaException>(() => GifComment.Read(new MemoryStream(gif), "a.gif"));
    }

    private static async Task<int> CountAsync(string ffmpeg, string path)
    {
        var count = 0;
        await foreach (var frame in VideoReader.ReadAsync(ffmpeg, path, Token))
        {
            count++;
        }

        return count;
    }
}
