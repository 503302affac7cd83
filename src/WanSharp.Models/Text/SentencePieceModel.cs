using Google.Protobuf;

namespace WanSharp.Models.Text;

/// <summary>What a <c>spiece.model</c> file says: the pieces and how text is normalized.</summary>
/// <remarks>Field numbers and defaults are those of google/sentencepiece:src/sentencepiece_model.proto. The message is read
/// field by field, so that a hostile file is refused before it has made millions of objects.</remarks>
internal sealed class SentencePieceModel
{
    private const int MostPieces = 1 << 20;
    private const int LongestPiece = 1 << 10;
    private const int UnigramModel = 1;

    // How a field is encoded: the lower three bits of its tag, below its number.
    private const uint Varint = 0;
    private const uint Delimited = 2;
    private const uint Fixed32 = 5;

    private readonly List<Piece> _pieces = [];
    private int _kind = UnigramModel;
    private bool _hasSpaceAtTheEnd;

    private SentencePieceModel() { }

    /// <summary>The pieces; the position is the id.</summary>
    public IReadOnlyList<Piece> Pieces => _pieces;

    /// <summary>Whether unknown text becomes byte pieces.</summary>
    public bool ByteFallback { get; private set; }

    /// <summary>The compiled normalization rules; empty without.</summary>
    public byte[] CharacterMap { get; private set; } = [];

    /// <summary>Whether text begins with a space.</summary>
    public bool AddDummyPrefix { get; private set; } = true;

    /// <summary>Whether spaces are trimmed and runs of them joined.</summary>
    public bool RemoveExtraWhitespaces { get; private set; } = true;

    /// <summary>Whether a space is written as U+2581.</summary>
    public bool EscapeWhitespaces { get; private set; } = true;

    /// <summary>Reads a model.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a Unigram model, or exceed a limit.</exception>
    public static SentencePieceModel Parse(byte[] bytes)
    {
        var model = new SentencePieceModel();
        try
        {
            using var input = new CodedInputStream(bytes);
            model.Read(input);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException("It is not a SentencePiece model (spiece.model), or it is damaged.", e);
        }

        return model._kind != UnigramModel
                ? throw new InvalidDataException(
                    $"It is a SentencePiece model of kind {model._kind}; only Unigram models ({UnigramModel}) are supported."
                )
            : model._hasSpaceAtTheEnd ? throw new InvalidDataException("It puts white space at the end of pieces, which is not supported.")
            : model;
    }

    /// <summary>A model of these parts, whatever file they were in.</summary>
    public static SentencePieceModel Of(
        IEnumerable<Piece> pieces,
        byte[] characterMap,
        bool byteFallback,
        bool addDummyPrefix,
        bool removeExtraWhitespaces,
        bool escapeWhitespaces
    )
    {
        var model = new SentencePieceModel
        {
            CharacterMap = characterMap,
            ByteFallback = byteFallback,
            AddDummyPrefix = addDummyPrefix,
            RemoveExtraWhitespaces = removeExtraWhitespaces,
            EscapeWhitespaces = escapeWhitespaces,
        };
        model._pieces.AddRange(pieces);
        return model;
    }

    /// <summary>The model as a <c>spiece.model</c>.</summary>
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            foreach (var piece in _pieces)
            {
                var text = ByteString.CopyFrom(piece.Text);
                output.WriteTag((1 << 3) | Delimited);
                // every tag and the type take a byte
                output.WriteLength(1 + CodedOutputStream.ComputeBytesSize(text) + 1 + sizeof(float) + 2);
                output.WriteTag((1 << 3) | Delimited);
                output.WriteBytes(text);
                output.WriteTag((2 << 3) | Fixed32);
                output.WriteFloat(piece.Score);
                Write(output, 3, (int)piece.Type);
            }

            var kind = Message(part => Write(part, 3, UnigramModel), part => Write(part, 35, ByteFallback ? 1 : 0));
            var rules = Message(
                part => Write(part, 2, CharacterMap),
                part => Write(part, 3, AddDummyPrefix ? 1 : 0),
                part => Write(part, 4, RemoveExtraWhitespaces ? 1 : 0),
                part => Write(part, 5, EscapeWhitespaces ? 1 : 0)
            );
            Write(output, 2, kind);
            Write(output, 3, rules);
        }

        return bytes.ToArray();
    }

    /// <summary>Checks the next piece of a model.</summary>
    /// <param name="count">The pieces before it.</param>
    /// <param name="length">Its bytes.</param>
    /// <exception cref="InvalidDataException">It is none, or one too many.</exception>
    public static void CheckPiece(int count, int length)
    {
        if (length is 0 or > LongestPiece || count == MostPieces)
        {
            throw new InvalidDataException(
                $"Piece {count} is empty, longer than {LongestPiece} bytes, or one more than the {MostPieces} allowed."
            );
        }
    }

    private void Read(CodedInputStream input)
    {
        while (input.ReadTag() is var tag and not 0)
        {
            switch (tag)
            {
                case (1 << 3) | Delimited:
                    AddPiece(input);
                    break;
                case (2 << 3) | Delimited:
                    ReadTrainer(input);
                    break;
                case (3 << 3) | Delimited:
                    ReadNormalizer(input);
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    private void AddPiece(CodedInputStream message)
    {
        using var input = message.ReadBytes().CreateCodedInput();
        var text = ByteString.Empty;
        var score = 0f;
        var type = PieceType.Normal;
        while (input.ReadTag() is var tag and not 0)
        {
            switch (tag)
            {
                case (1 << 3) | Delimited:
                    text = input.ReadBytes();
                    break;
                case (2 << 3) | Fixed32:
                    score = input.ReadFloat();
                    break;
                case (3 << 3) | Varint:
                    type = (PieceType)input.ReadEnum();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        CheckPiece(_pieces.Count, text.Length);
        _pieces.Add(new Piece(text.ToByteArray(), score, type));
    }

    private void ReadTrainer(CodedInputStream message)
    {
        using var input = message.ReadBytes().CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            switch (tag)
            {
                case (3 << 3) | Varint:
                    _kind = input.ReadEnum();
                    break; // model_type
                case (24 << 3) | Varint:
                    _hasSpaceAtTheEnd = input.ReadBool();
                    break; // treat_whitespace_as_suffix
                case (35 << 3) | Varint:
                    ByteFallback = input.ReadBool();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    private void ReadNormalizer(CodedInputStream message)
    {
        using var input = message.ReadBytes().CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            switch (tag)
            {
                case (2 << 3) | Delimited:
                    CharacterMap = input.ReadBytes().ToByteArray();
                    break;
                case (3 << 3) | Varint:
                    AddDummyPrefix = input.ReadBool();
                    break;
                case (4 << 3) | Varint:
                    RemoveExtraWhitespaces = input.ReadBool();
                    break;
                case (5 << 3) | Varint:
                    EscapeWhitespaces = input.ReadBool();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    private static byte[] Message(params IEnumerable<Action<CodedOutputStream>> fields)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            foreach (var write in fields)
            {
                write(output);
            }
        }

        return bytes.ToArray();
    }

    private static void Write(CodedOutputStream output, uint field, int value)
    {
        output.WriteTag((field << 3) | Varint);
        output.WriteInt32(value);
    }

    private static void Write(CodedOutputStream output, uint field, byte[] value)
    {
        output.WriteTag((field << 3) | Delimited);
        output.WriteBytes(ByteString.CopyFrom(value));
    }
}
