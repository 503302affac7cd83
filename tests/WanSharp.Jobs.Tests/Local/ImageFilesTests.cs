using WanSharp.Jobs.Local;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Local;

/// <summary>An image that was replaced is read again, through links, too.</summary>
public sealed class ImageFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadAsync_ALinkWhoseFileWasReplaced_ReadsTheNewPicture()
    {
        Write("picture.bmp", 10, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.CreateSymbolicLink(_folder["link.bmp"], "picture.bmp");
        var files = new ImageFiles(Ffmpegs.Any);
        var first = await files.ReadAsync(_folder["link.bmp"], TestContext.Current.CancellationToken);
        Assert.Same(first, await files.ReadAsync(_folder["link.bmp"], TestContext.Current.CancellationToken));

        Write("picture.bmp", 200, new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        var second = await files.ReadAsync(_folder["link.bmp"], TestContext.Current.CancellationToken);
        Assert.Equal((10, 200), (first.Pixels[0], second.Pixels[0]));
    }

    /// <summary>A gray bitmap of 4 x 2 pixels.</summary>
    private void Write(string name, byte gray, DateTime written)
    {
        const int HeaderLength = 54;
        const int Pixels = 24;
        using (var writer = new BinaryWriter(File.Create(_folder[name])))
        {
            writer.Write("BM"u8);
            int[] header = [HeaderLength + Pixels, 0, HeaderLength, 40, 4, 2, 1 | (24 << 16), 0, Pixels, 0, 0, 0, 0];
            Array.ForEach(header, writer.Write);
            writer.Write([.. Enumerable.Repeat(gray, Pixels)]);
        }

        File.SetLastWriteTimeUtc(_folder[name], written);
    }
}
