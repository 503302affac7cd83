using WanSharp.Models.Text;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>
/// Reads a tokenizer from where models keep it: a <c>spiece.model</c>, a <c>tokenizer.json</c>, or a checkpoint that carries one in the
/// tensor <c>spiece_model</c> or, as GGUF files do, in its notes.
/// </summary>
internal static class TokenizerSource
{
    /// <summary>The file's name where models have one of their own.</summary>
    public const string ModelName = "spiece.model";

    /// <summary>The name of the file that Hugging Face's tokenizers read.</summary>
    public const string JsonName = "tokenizer.json";

    private const int LongestModel = 64 << 20;

    /// <summary>Whether a file has the name of a tokenizer, whatever its case.</summary>
    public static bool IsFile(string path) =>
        Path.GetFileName(path) is var name && new[] { ModelName, JsonName }.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a tensor has the name of a tokenizer.</summary>
    public static bool IsTensor(string name) => name.Split('.')[^1] == NetworkFile.TokenizerTensor;

    /// <summary>Loads the tokenizer.</summary>
    /// <exception cref="CheckpointException">The checkpoint has no tokenizer, or a damaged one.</exception>
    public static SentencePieceTokenizer Load(string path)
    {
        if (!ModelFiles.IsCheckpoint(path))
        {
            return SentencePieceTokenizer.Load(path);
        }

        try
        {
            using var stream = new MemoryStream(FromCheckpoint(path));
            return SentencePieceTokenizer.Load(stream);
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException(
                path,
                $"the tokenizer in it (tensor {NetworkFile.TokenizerTensor}, or notes) cannot be used: {e.Message} "
                    + $"Put umT5's {ModelName} next to the file.",
                e
            );
        }
    }

    /// <summary>Writes the tokenizer into a folder, in the form that it has.</summary>
    /// <returns>The file's name.</returns>
    /// <exception cref="CheckpointException">The checkpoint has no tokenizer.</exception>
    public static string Copy(string path, string folder)
    {
        var name = SentencePieceTokenizer.IsJson(path) ? JsonName : ModelName;
        var destination = Path.Combine(folder, name);
        if (ModelFiles.IsCheckpoint(path))
        {
            File.WriteAllBytes(destination, FromCheckpoint(path));
        }
        else
        {
            File.Copy(path, destination);
        }

        return name;
    }

    private static byte[] FromCheckpoint(string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        var name = checkpoint.Tensors.Keys.FirstOrDefault(IsTensor);
        if (name is null)
        {
            return GgufTokenizer.IsIn(checkpoint)
                ? GgufTokenizer.ToSpieceModel(path)
                : throw new CheckpointException(path, $"it carries no tokenizer; name a {ModelName}.");
        }

        var tensor = checkpoint.Get(name);
        return tensor.DType is DType.U8 or DType.I8 && tensor.ByteLength <= LongestModel
            ? tensor.ReadBytes(0, (int)tensor.ByteLength).ToArray()
            : throw new CheckpointException(
                path,
                name,
                $"{tensor.DType.Name()} {tensor.Shape} is not a tokenizer: bytes of a spiece.model are expected."
            );
    }
}
