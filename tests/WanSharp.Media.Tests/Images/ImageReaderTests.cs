using System.Text;
using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Images;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Images;

public sealed class ImageReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Formats()
    {
        var data = new TheoryData<string, string>();
        foreach (var ffmpeg in Ffmpegs.Both)
        {
            foreach (var extension in new[] { "png", "bmp", "webp", "jpg", "tiff", "gif" })
            {
                data.Add(ffmpeg, extension);
            }
        }

        return data;
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task ReadAsync_EachFormat_GivesThePixels(string name, string extension)
    {
        const int Lossy = 6; // one colour survives chroma subsampling and a palette within some levels
        var ffmpeg = Ffmpegs.Get(name);
        byte[] colour = [200, 40, 90];
        var path = _folder["a 100% ünusual:name." + extension];
        await EncodeAsync(ffmpeg, 10, 6, colour, extension, path);

        var image = await ImageReader.ReadAsync(ffmpeg, path, Token);
        Assert.Equal((10, 6), (image.Width, image.Height));
        Assert.All(
            image.Pixels.Chunk(3),
            pixel => Assert.All(pixel.Zip(colour), pair => Assert.InRange(pair.First - pair.Second, -Lossy, Lossy))
        );
    }

    [Theory]
    [MemberData(nameof(Ffmpegs.Both), MemberType = typeof(Ffmpegs))]
    public async Task ReadAsync_RotatedJpeg_StandsUpright(string name)
    {
        // The camera was held so that the stored top is the right side: orientation 6, to be turned clockwise.
        var ffmpeg = Ffmpegs.Get(name);
        var stored = new byte[32 * 16 * 3];
        stored.AsSpan(0, 32 * 8 * 3).Fill(255); // white above, black below
        var path = _folder["turned.jpg"];
        await RunAsync(
            ffmpeg,
            stored,
            ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", "32x16", "-i", "pipe:0", "-q:v", "2", "-f", "image2", path]
        );
        var jpeg = await File.ReadAllBytesAsync(path, Token);
        byte[] exif =
        [
            0xFF,
            0xE1,
            0,
            34,
            .. "Exif\0\0"u8,
            .. "MM\0*"u8,
            0,
            0,
            0,
            8,
            0,
            1,
            0x01,
            0x12,
            0,
            3,
            0,
            0,
            0,
            1,
            0,
            6,
            0,
            0,
            0,
            0,
            0,
            0,
        ];
        await File.WriteAllBytesAsync(path, [.. jpeg[..2], .. exif, .. jpeg[2..]], Token);

        var image = await ImageReader.ReadAsync(ffmpeg, path, Token);
        Assert.Equal((16, 32), (image.Width, image.Height));
        Assert.InRange(image.Pixels[0], 0, 16); // black on the left
        Assert.InRange(image.Pixels[15 * 3], 240, 255); // white on the right
    }

    [Theory]
    [InlineData(1, "abcdef")]
    [InlineData(2, "cbafed")]
    [InlineData(3, "fedcba")]
    [InlineData(4, "defabc")]
    [InlineData(5, "adbecf")]
    [InlineData(6, "daebfc")]
    [InlineData(7, "fcebda")]
    [InlineData(8, "cfbead")]
    [InlineData(9, "abcdef")]
    public void Orientation_TurnsAsExifSays(int orientation, string expected)
    {
        // Stored as the rows abc, def.
        var image = ExifOrientation.Apply(
            new RgbImage(3, 2, [.. "abcdef".SelectMany(letter => Enumerable.Repeat((byte)letter, 3))]),
            orientation
        );
        Assert.Equal(expected, Encoding.ASCII.GetString([.. image.Pixels.Chunk(3).Select(pixel => pixel[0])]));
        Assert.Equal(orientation is > 4 and < 9 ? 2 : 3, image.Width);
    }

    /// <summary>Half of a picture is not a picture, though decoders show its upper half above gray.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public async Task ReadAsync_PictureThatEndsEarly_IsRefused(string name, string extension)
    {
        var ffmpeg = Ffmpegs.Get(name);
        var whole = _folder["whole." + extension];
        await EncodeAsync(ffmpeg, 64, 48, [200, 40, 90], extension, whole, isNoise: true);
        var bytes = await File.ReadAllBytesAsync(whole, Token);
        await ImageReader.ReadAsync(ffmpeg, whole, Token);
        foreach (var length in new[] { bytes.Length / 2, bytes.Length * 9 / 10, bytes.Length - (bytes.Length / 20) })
        {
            var cut = _folder["cut." + extension];
            await File.WriteAllBytesAsync(cut, bytes[..length], Token);

            var error = await Assert.ThrowsAsync<MediaException>(() => ImageReader.ReadAsync(ffmpeg, cut, Token));
            Assert.StartsWith($"{cut} cannot be read as a picture: ", error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Such files are decoded: a segment's wrong length is no reason to end the program.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReadAsync_JpegWithASegmentWithoutLength_IsRead(byte length)
    {
        var path = _folder["odd.jpg"];
        await EncodeAsync(Ffmpegs.Any, 16, 16, [200, 40, 90], "jpg", path);
        var jpeg = await File.ReadAllBytesAsync(path, Token);
        await File.WriteAllBytesAsync(path, [.. jpeg[..2], 0xFF, 0xE5, 0, length, .. jpeg[2..]], Token);

        Assert.Equal(1, OrientationOf(await File.ReadAllBytesAsync(path, Token)));
        try
        {
            await ImageReader.ReadAsync(Ffmpegs.Any, path, Token);
        }
        catch (MediaException)
        {
            // A decoder may refuse it, in words.
        }
    }

    [Theory]
    [MemberData(nameof(Ffmpegs.Both), MemberType = typeof(Ffmpegs))]
    public async Task ReadAsync_NoPicture_SaysSo(string name)
    {
        var ffmpeg = Ffmpegs.Get(name);
        await File.WriteAllTextAsync(_folder["text.png"], "this is not a picture", Token);
        await File.WriteAllBytesAsync(_folder["empty.png"], [], Token);
        await File.WriteAllTextAsync(
            _folder["list.png"],
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
            Token
        );
        foreach (var file in new[] { "text.png", "empty.png", "list.png" })
        {
            var error = await Assert.ThrowsAsync<MediaException>(() => ImageReader.ReadAsync(ffmpeg, _folder[file], Token));
            Assert.Equal($"{_folder[file]} cannot be read as a picture: png, jpeg, webp, bmp, tiff and gif can.", error.Message);
        }

        foreach (
            var (start, kind) in new[]
            {
                ("\0\0\0\u0018ftypheic\0\0\0\0", "a HEIC picture"),
                ("\0\0\0\u001cftypavif\0\0\0\0", "an AVIF picture"),
                ("\0\0\0\u0018ftypisom\0\0\0\0", "a video"),
                ("\0\0\0\u000cJXL \r\n", "a JPEG XL picture"),
                ("version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
                ("\r\n<!DOCTYPE html>", "a page"),
            }
        )
        {
            await File.WriteAllBytesAsync(_folder["photo.jpg"], Encoding.Latin1.GetBytes(start), Token);
            var error = await Assert.ThrowsAsync<MediaException>(() => ImageReader.ReadAsync(ffmpeg, _folder["photo.jpg"], Token));
            Assert.Contains($"it is {kind}", error.Message, StringComparison.Ordinal);
        }

        await File.WriteAllBytesAsync(_folder["cut.png"], TestPng.Black(64, 64)[..60], Token);
        var cut = await Assert.ThrowsAsync<MediaException>(() => ImageReader.ReadAsync(ffmpeg, _folder["cut.png"], Token));
        Assert.StartsWith($"{_folder["cut.png"]} cannot be read as a picture: ", cut.Message, StringComparison.Ordinal);

        var missing = await Assert.ThrowsAsync<MediaException>(() => ImageReader.ReadAsync(ffmpeg, _folder["none.png"], Token));
        Assert.Equal($"{_folder["none.png"]} does not exist: check the path.", missing.Message);
        var folder = await Assert.ThrowsAsync<MediaException>(() => ImageReader.ReadAsync(ffmpeg, _folder.Path, Token));
        Assert.Equal($"{_folder.Path} is a folder: name a file in it.", folder.Message);
    }

    [Theory]
    [MemberData(nameof(Ffmpegs.Both), MemberType = typeof(Ffmpegs))]
    public async Task ReadAsync_PictureOfTooManyPixels_IsRefused(string name)
    {
        var ffmpeg = Ffmpegs.Get(name);
        await File.WriteAllBytesAsync(_folder["bomb.png"], TestPng.Black(30000, 30000), Token);
        var error = await Assert.ThrowsAsync<MediaException>(() => ImageReader.ReadAsync(ffmpeg, _folder["bomb.png"], Token));
        Assert.StartsWith($"{_folder["bomb.png"]} cannot be read as a picture: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_Cancelled_Ends()
    {
        await File.WriteAllBytesAsync(_folder["a.png"], TestPng.Black(64, 64), Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            ImageReader.ReadAsync(Ffmpegs.Any, _folder["a.png"], new CancellationToken(canceled: true))
        );
    }

    private static int OrientationOf(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return ExifOrientation.Read(stream);
    }

    private static async Task EncodeAsync(
        string ffmpeg,
        int width,
        int height,
        byte[] colour,
        string extension,
        string path,
        bool isNoise = false
    )
    {
        byte[] pixels = [.. Enumerable.Repeat(colour, width * height).SelectMany(pixel => pixel)];
        if (isNoise)
        {
            new Random(7).NextBytes(pixels);
        }

        string[] encoder = extension switch
        {
            "webp" => ["-c:v", "libwebp", "-lossless", "1", "-f", "webp"],
            "gif" => ["-filter_complex", "split[a][b];[a]palettegen[p];[b][p]paletteuse", "-f", "gif"],
            "jpg" => ["-pix_fmt", "yuvj420p", "-q:v", "2", "-c:v", "mjpeg", "-f", "image2pipe"],
            _ => ["-c:v", extension, "-f", "image2pipe"],
        };
        var file = await RunAsync(
            ffmpeg,
            pixels,
            [
                "-f",
                "rawvideo",
                "-pixel_format",
                "rgb24",
                "-video_size",
                $"{width}x{height}",
                "-i",
                "pipe:0",
                .. encoder,
                extension == "webp" ? Path.ChangeExtension(path, null) + ".out" : "pipe:1",
            ]
        );
        if (extension == "webp")
        {
            File.Move(Path.ChangeExtension(path, null) + ".out", path);
        }
        else
        {
            await File.WriteAllBytesAsync(path, file, Token);
        }
    }

    private static async Task<byte[]> RunAsync(string ffmpeg, byte[] input, string[] arguments)
    {
        await using var process = FfmpegProcess.Start(ffmpeg, arguments);
        await process.Input.WriteAsync(input, Token);
        process.CloseInput();
        using var output = new MemoryStream();
        await process.Output.CopyToAsync(output, Token);
        await process.FinishAsync("test input", Token);
        return output.ToArray();
    }
}
