using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using WanSharp.Media.Metadata;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Metadata;

/// <summary>Texts of other programs in clips and pictures.</summary>
public sealed class EmbeddedTextsTests : IDisposable
{
    private const string Json = """{"prompt": "狐狸"}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Png_TextsOfAllKinds_AreRead()
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(Encoding.Latin1.GetBytes("Steps: 20"));
        }

        byte[] png =
        [
            .. PngText.Signature,
            .. PngText.Chunk("IHDR"u8, new byte[13]),
            .. PngText.Chunk("tEXt"u8, [.. "prompt\0"u8, .. Encoding.UTF8.GetBytes(Json)]),
            .. PngText.Chunk("zTXt"u8, [.. "parameters\0\0"u8, .. compressed.ToArray()]),
            .. PngText.Chunk("tEXt"u8, [.. "latin\0"u8, 0xE9]),
            .. PngText.Chunk("tEXt"u8, "no zero"u8.ToArray()),
            .. PngText.Chunk("IDAT"u8, new byte[20]),
            .. PngText.Chunk("iTXt"u8, [.. "workflow\0\0\0en\0translated\0"u8, .. Encoding.UTF8.GetBytes(Json)]),
            .. PngText.Chunk("eXIf"u8, Exif(0x010E, "described"u8.ToArray(), little: false)),
            .. PngText.Chunk("IEND"u8, []),
        ];

        Assert.Equal(
            [("prompt", Json), ("parameters", "Steps: 20"), ("latin", "é"), ("workflow", Json), ("ImageDescription", "described")],
            await ReadAsync("a.png", png)
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Webp_TagsOfExif_AreRead(bool little)
    {
        var exif = Exif(0x010F, Encoding.UTF8.GetBytes($"workflow:{Json}\0"), little);
        byte[] webp = [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBP"u8, .. Chunk("VP8X", new byte[10]), .. Chunk("EXIF", exif)];

        Assert.Equal([("Make", $"workflow:{Json}")], await ReadAsync("a.webp", webp));
    }

    [Theory]
    [InlineData("UNICODE\0", false, false)]
    [InlineData("UNICODE\0", true, true)]
    [InlineData("UNICODE\0", true, false)]
    [InlineData("ASCII\0\0\0", null, true)]
    [InlineData("\0\0\0\0\0\0\0\0", null, true)]
    public async Task Jpeg_TheUsersComment_IsReadInWhateverCode(string code, bool? isBig, bool little)
    {
        const string Text = "a castle\nSteps: 20, Sampler: Euler";
        var encoding = isBig switch
        {
            null => Encoding.UTF8,
            true => Encoding.BigEndianUnicode,
            false => Encoding.Unicode,
        };
        byte[] comment = [.. Encoding.ASCII.GetBytes(code), .. encoding.GetBytes(Text)];
        byte[] segment = [.. "Exif\0\0"u8, .. Exif(0x9286, comment, little)];
        byte[] jpeg =
        [
            0xFF,
            0xD8,
            0xFF,
            0xFE,
            0,
            4,
            .. "hi"u8,
            0xFF,
            0xE1,
            (byte)((segment.Length + 2) >> 8),
            (byte)(segment.Length + 2),
            .. segment,
            0xFF,
            0xDA,
        ];

        Assert.Equal([("comment", "hi"), ("UserComment", Text)], await ReadAsync("a.jpg", jpeg));
    }

    [Fact]
    public async Task Damage_IsLeftOutOrSaid()
    {
        var random = new Random(5);
        byte[] png =
        [
            .. PngText.Signature,
            .. PngText.Chunk("tEXt"u8, "a\0b"u8.ToArray()),
            .. PngText.Chunk("eXIf"u8, Exif(0x9286, new byte[30], true)),
        ];
        byte[] webp = [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBP"u8, .. Chunk("EXIF", Exif(0x010F, new byte[30], true))];
        for (var i = 0; i < 300; i++)
        {
            var bytes = (i % 2 == 0 ? png : webp).ToArray();
            bytes[random.Next(12, bytes.Length)] = (byte)random.Next(256);
            try
            {
                await ReadAsync("damaged", bytes[..random.Next(12, bytes.Length + 1)]);
            }
            catch (MediaException)
            {
                // one line, as for every file that is damaged
            }
        }
    }

    [Fact]
    public void Container_KeysAndValues_AreTakenApart()
    {
        var texts = MetadataReader.Texts(";FFMETADATA1\ntitle=a\\=b\nprompt={\"a\"\\: 1\\\n}\n[STREAM]\nencoder=x\n");

        Assert.Equal([("title", "a=b"), ("prompt", "{\"a\": 1\n}"), ("encoder", "x")], texts.Select(text => (text.Name, text.Text)));
    }

    private static byte[] Chunk(string name, byte[] data)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, data.Length);
        return [.. Encoding.ASCII.GetBytes(name), .. length, .. data, .. new byte[data.Length % 2]];
    }

    /// <summary>TIFF with one directory of one entry, or with the directory of EXIF that has the user's comment.</summary>
    private static byte[] Exif(ushort tag, byte[] text, bool little)
    {
        var stream = new MemoryStream();
        stream.Write(little ? "II*\0"u8 : "MM\0*"u8);
        Long(8);
        if (tag == 0x9286)
        {
            Directory(0x8769, 4, 1, 26);
        }

        Directory(tag, tag == 0x9286 ? (ushort)7 : (ushort)2, text.Length, (int)stream.Length + 18);
        stream.Write(text);
        return stream.ToArray();

        void Directory(ushort entry, ushort type, int count, int value)
        {
            Short(1);
            Short(entry);
            Short(type);
            Long(count);
            Long(value);
            Long(0);
        }

        void Short(ushort value) => stream.Write(little ? [(byte)value, (byte)(value >> 8)] : [(byte)(value >> 8), (byte)value]);

        void Long(int value)
        {
            Short((ushort)(little ? value : value >> 16));
            Short((ushort)(little ? value >> 16 : value));
        }
    }

    private async Task<IEnumerable<(string, string)>> ReadAsync(string name, byte[] bytes)
    {
        await File.WriteAllBytesAsync(_folder[name], bytes, TestContext.Current.CancellationToken);
        return (await EmbeddedTexts.ReadAsync(null, _folder[name], TestContext.Current.CancellationToken)).Select(text =>
            (text.Name, text.Text)
        );
    }
}
