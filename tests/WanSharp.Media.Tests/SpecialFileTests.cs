using System.Diagnostics;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Media.Tests;

/// <summary>What is no file is refused by all that read one: opening a pipe waits for its other end, and ends for no signal.</summary>
public sealed class SpecialFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pipe", "a pipe")]
    [InlineData("/dev/zero", "a device")]
    public async Task Read_OfWhatIsNoFile_IsRefusedAtOnce(string name, string expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It has no such files in folders.");
        var path = name.StartsWith('/') ? name : _folder[name];
        if (path != name)
        {
            using var made = Process.Start("mkfifo", [path]);
            await made.WaitForExitAsync(Token);
        }

        Func<Task>[] readers =
        [
            () => ImageReader.ReadAsync(null, path, Token),
            () => ImageReader.IsStillAsync(path, Token),
            () => MetadataReader.ReadAsync(null, path, Token),
            () => EmbeddedTexts.ReadAsync(null, path, Token),
            () => ThumbnailReader.ReadAsync(null, path, 8, Token),
        ];
        foreach (var reader in readers)
        {
            var refused = await Assert.ThrowsAsync<MediaException>(reader);
            Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        }

        Assert.Contains(expected, Assert.Throws<IOException>(() => PlainFile.OpenRead(path)).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => PlainFile.ReadAllText(path));
    }

    [Fact]
    public async Task ReadAllText_OfAFile_ReadsIt()
    {
        File.WriteAllText(_folder["notes.txt"], "a");
        Assert.Equal("a", PlainFile.ReadAllText(_folder["notes.txt"]));
        Assert.Equal("a"u8.ToArray(), await PlainFile.ReadAllBytesAsync(_folder["notes.txt"], Token));
    }
}
