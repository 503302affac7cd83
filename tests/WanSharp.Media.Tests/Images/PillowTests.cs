using System.Security.Cryptography;
using System.Text.Json;
using WanSharp.Media.Images;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Images;

/// <summary>Pictures are read as Pillow reads them, whose values the official pipelines begin with: tests/data/pictures/make.py.</summary>
public sealed class PillowTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "pictures");

    private static readonly Dictionary<string, Expected> Pictures = JsonSerializer.Deserialize<Dictionary<string, Expected>>(
        File.ReadAllText(Path.Combine(Folder, "pillow.json")),
        JsonSerializerOptions.Web
    )!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => [.. Pictures.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ReadAsync_GivesThePixelsThatPillowGives(string name)
    {
        var ffmpeg = name.EndsWith(".tiff", StringComparison.Ordinal) ? Ffmpegs.Any : null;

        var image = await ImageReader.ReadAsync(ffmpeg, Path.Combine(Folder, name), Token);

        var expected = Pictures[name];
        Assert.Equal((expected.Width, expected.Height), (image.Width, image.Height));
        Assert.Equal(expected.Sha256, Convert.ToHexStringLower(SHA256.HashData(image.Pixels)));
    }

    /// <summary>Pillow itself makes these white: it keeps the values, and 255 is the most.</summary>
    [Fact]
    public async Task ReadAsync_GreyOf16Bits_GivesTheUpper8()
    {
        using var folder = new TemporaryFolder();
        var path = folder["grey-16.png"];
        await File.WriteAllBytesAsync(path, TestPng.Of(2, 1, depth: 16, [0, 0x12, 0x34, 0xFE, 0xDC]), Token);

        var image = await ImageReader.ReadAsync(ffmpeg: null, path, Token);

        Assert.Equal([0x12, 0x12, 0x12, 0xFE, 0xFE, 0xFE], image.Pixels);
    }

    [Theory]
    [InlineData("photo-420.jpg")]
    [InlineData("lossy.webp")]
    [InlineData("rgba.png")]
    [InlineData("rgb.bmp")]
    [InlineData("animated.gif")]
    public async Task ReadAsync_CutAnywhere_IsRefusedInOneLine(string name)
    {
        using var folder = new TemporaryFolder();
        var whole = await File.ReadAllBytesAsync(Path.Combine(Folder, name), Token);
        var most = name.StartsWith("animated", StringComparison.Ordinal) ? whole.Length / 3 : whole.Length - 50;
        for (var length = 1; length < most; length += Math.Max(1, whole.Length / 23))
        {
            var cut = folder[$"cut-{length}{Path.GetExtension(name)}"];
            await File.WriteAllBytesAsync(cut, whole[..length], Token);

            var error = await Assert.ThrowsAsync<MediaException>(() => ImageReader.ReadAsync(ffmpeg: null, cut, Token));

            Assert.StartsWith($"{cut} cannot be read as a picture: ", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    /// <summary>What is damaged is read somehow or refused in words; it never ends the process.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task ReadAsync_Damaged_IsReadOrRefused(string name)
    {
        using var folder = new TemporaryFolder();
        var whole = await File.ReadAllBytesAsync(Path.Combine(Folder, name), Token);
        Assert.SkipWhen(name.EndsWith(".tiff", StringComparison.Ordinal), "A process each.");
        var random = new Random(5);
        var path = folder["damaged" + Path.GetExtension(name)];
        for (var trial = 0; trial < 15; trial++)
        {
            var damaged = (byte[])whole.Clone();
            for (var count = random.Next(1, 6); count > 0; count--)
            {
                damaged[random.Next(trial % 2 == 0 ? Math.Min(64, damaged.Length) : damaged.Length)] = (byte)random.Next(256);
            }

            await File.WriteAllBytesAsync(path, damaged, Token);
            try
            {
                var image = await ImageReader.ReadAsync(ffmpeg: null, path, Token);
                Assert.Equal(image.Width * image.Height * 3, image.Pixels.Length);
            }
            catch (MediaException)
            {
                // Refused, in words.
            }
        }
    }

    [Fact]
    public async Task ReadAsync_TiffWithoutFfmpeg_SaysWhatToDo()
    {
        var path = Path.Combine(Folder, "rgb.tiff");

        var error = await Assert.ThrowsAsync<MediaException>(() => ImageReader.ReadAsync(ffmpeg: null, path, Token));

        Assert.Equal(
            $"{path} is a TIFF, which is read by ffmpeg, which was not found: install it (https://ffmpeg.org, or "
                + "`wan providers install ffmpeg`), or set WAN_FFMPEG to its path.",
            error.Message
        );
    }

    private sealed record Expected(int Width, int Height, string Sha256);
}
