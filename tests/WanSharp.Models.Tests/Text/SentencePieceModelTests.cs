using System.Text;
using Google.Protobuf;
using WanSharp.Models.Text;

namespace WanSharp.Models.Tests.Text;

/// <summary>Models from strangers: refused with a reason, or usable.</summary>
public class SentencePieceModelTests
{
    private const int MutatedFiles = 2000;

    // Of a refusal of a model of 5 KB, its stack trace included.
    private const long MostAllocated = 256 << 10;

    private static readonly byte[] Pad = Piece("<pad>", PieceType.Control),
        End = Piece("</s>", PieceType.Control),
        Unknown = Piece("<unk>", PieceType.Unknown);

    [Fact]
    public void Load_SmallestModel_Works()
    {
        var tokenizer = Load(Pad, End, Unknown, Piece("a", PieceType.Normal));
        Assert.Equal([2, 3, 2, 1], tokenizer.Encode("bab"));
    }

    [Fact]
    public void Load_MissingPiece_NamesIt()
    {
        AssertRefused("<pad>", End, Unknown);
        AssertRefused("</s>", Pad, Unknown);
        AssertRefused("<unk>", Pad, End);
        AssertRefused("<0x00>", Pad, End, Unknown, Message(2, Field(35, true)));
        AssertRefused("<unk>");
    }

    [Fact]
    public void Load_PiecesThatAreNot_Refused()
    {
        AssertRefused("same text", Pad, End, Unknown, Piece("a", PieceType.Normal), Piece("a", PieceType.UserDefined));
        AssertRefused("empty", Pad, End, Unknown, Piece("", PieceType.Normal));
        AssertRefused("longer", Pad, End, Unknown, Piece(new string('a', 2000), PieceType.Normal));
    }

    [Fact]
    public void Load_OtherKindsOfModel_Refused()
    {
        AssertRefused("Unigram", Pad, End, Unknown, Message(2, Field(3, 2)));
        AssertRefused("end of pieces", Pad, End, Unknown, Message(2, Field(24, true)));
        AssertRefused("not a SentencePiece model", Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\n"));
    }

    [Fact]
    public void Load_DamagedCharacterMap_Refused()
    {
        AssertRefused("precompiled_charsmap", Pad, End, Unknown, CharacterMap([1, 2]));
        AssertRefused("precompiled_charsmap", Pad, End, Unknown, CharacterMap([255, 255, 255, 255, 0]));
        AssertRefused("precompiled_charsmap", Pad, End, Unknown, CharacterMap([3, 0, 0, 0, 0, 0, 0, 0]));
        AssertRefused("precompiled_charsmap", Pad, End, Unknown, CharacterMap([4, 0, 0, 0, 0, 0, 0, 0, 7]));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("<a>")]
    public void Encode_RuleThatExpandsWithoutEnd_Refused(string text)
    {
        // A double array whose every path leads on to a leaf, and a replacement of a megabyte: 'a' would become it.
        var units = new uint[512];
        for (var i = 0; i < units.Length; i++)
        {
            units[i] = (uint)(i & 0xFF) | (1u << 8);
        }

        byte[] replacement = [.. Enumerable.Repeat((byte)'a', 1 << 20), 0];
        var tokenizer = Load(
            Pad,
            End,
            Unknown,
            CharacterMap([.. BitConverter.GetBytes(units.Length * 4), .. units.SelectMany(BitConverter.GetBytes), .. replacement])
        );
        Assert.Contains("damaged", Assert.Throws<InvalidDataException>(() => tokenizer.Encode(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoSuchFile_NamesIt() =>
        Assert.Contains(
            "absent.model",
            Assert.Throws<FileNotFoundException>(() => SentencePieceTokenizer.Load("absent.model")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Load_DamagedFile_NamesIt()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "tokenizers/cases.json");
        Assert.Contains(
            path,
            Assert.Throws<InvalidDataException>(() => SentencePieceTokenizer.Load(path)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("bytes", 1)]
    [InlineData("plain", 2)]
    public void Load_MutatedModel_WorksOrIsRefused(string model, int seed)
    {
        var random = new Random(seed);
        var valid = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, $"tokenizers/{model}.model"));
        _ = IsUsable(valid[..^1]); // The first call compiles the code, which allocates.
        var refused = 0;
        for (var i = 0; i < MutatedFiles; i++)
        {
            var bytes = random.Next(4) == 0 ? valid[..random.Next(valid.Length)] : valid.ToArray();
            for (var flips = random.Next(1, 9); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            refused += IsUsable(bytes) ? 0 : 1;
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
        }

        // Most must be refused, or the mutations do not reach what they are meant to.
        Assert.InRange(refused, MutatedFiles / 2, MutatedFiles);
    }

    private static bool IsUsable(byte[] bytes)
    {
        try
        {
            var tokenizer = SentencePieceTokenizer.Load(new MemoryStream(bytes));
            Assert.Equal(tokenizer.EosId, tokenizer.Encode("a cat <x> 红色 \U0001F600")[^1]);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static SentencePieceTokenizer Load(params byte[][] fields) =>
        SentencePieceTokenizer.Load(new MemoryStream([.. fields.SelectMany(field => field)]));

    private static void AssertRefused(string reason, params byte[][] fields) =>
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Load(fields)).Message, StringComparison.Ordinal);

    private static byte[] Piece(string text, PieceType type) =>
        Message(1, [.. Field(1, Encoding.UTF8.GetBytes(text)), .. Field(3, (int)type)]);

    private static byte[] CharacterMap(byte[] compiled) => Message(3, Field(2, compiled));

    private static byte[] Message(int number, byte[] content) => Field(number, content);

    private static byte[] Field(int number, object value)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream))
        {
            output.WriteTag(number, value is byte[] ? WireFormat.WireType.LengthDelimited : WireFormat.WireType.Varint);
            switch (value)
            {
                case byte[] bytes:
                    output.WriteBytes(ByteString.CopyFrom(bytes));
                    break;
                case int number32:
                    output.WriteInt32(number32);
                    break;
                case bool flag:
                    output.WriteBool(flag);
                    break;
            }
        }

        return stream.ToArray();
    }
}
