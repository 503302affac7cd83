using WanSharp.Engine.Text;
using WanSharp.Tensors;

namespace WanSharp.Engine.Models.Layout;

/// <summary>Loads a tokenizer from where models keep it.</summary>
internal static class TokenizerSource
{
    private const int LongestModel = 64 << 20;

    /// <param name="path">A <c>spiece.model</c>, or a checkpoint with the tensor <c>spiece_model</c>.</param>
    /// <exception cref="CheckpointException">The checkpoint has no tokenizer.</exception>
    public static SentencePieceTokenizer Load(string path)
    {
        if (!IsCheckpoint(path))
        {
            return SentencePieceTokenizer.Load(path);
        }

        using var checkpoint = Checkpoint.Open(path);
        var name = checkpoint.Tensors.Keys.FirstOrDefault(key => key.EndsWith(NetworkFile.TokenizerTensor, StringComparison.Ordinal)) ?? NetworkFile.TokenizerTensor;
        var tensor = checkpoint.Get(name);
        if (tensor.DType is not (DType.U8 or DType.I8) || tensor.ByteLength > LongestModel)
        {
            throw new CheckpointException(path, name, $"{tensor.DType.Name()} {tensor.Shape} is no tokenizer: bytes of a spiece.model are expected.");
        }

        using var stream = new MemoryStream(tensor.ReadBytes(0, (int)tensor.ByteLength).ToArray());
        return SentencePieceTokenizer.Load(stream);
    }

    /// <summary>Whether the bytes of a tokenizer are inside a checkpoint; a SentencePiece model begins with its first piece.</summary>
    private static bool IsCheckpoint(string path) => ModelFiles.IsCheckpoint(path);
}
