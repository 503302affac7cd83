using WanSharp.Models.Text;

namespace WanSharp.Models.Layout;

/// <summary>What checkpoints and tokenizers hold, each read once. Not thread-safe.</summary>
internal sealed class Headers
{
    private readonly Dictionary<string, NetworkFile> _read = [];
    private readonly Dictionary<string, SentencePieceTokenizer> _tokenizers = [];

    /// <summary>What a checkpoint holds; what cannot be read is a <see cref="NetworkFile.Problem"/>.</summary>
    public NetworkFile Read(string path)
    {
        if (!_read.TryGetValue(path, out var file))
        {
            _read.Add(path, file = NetworkFile.Read(path));
        }

        return file;
    }

    /// <summary>A tokenizer.</summary>
    /// <inheritdoc cref="TokenizerSource.Load" path="/exception"/>
    public SentencePieceTokenizer ReadTokenizer(string path)
    {
        if (!_tokenizers.TryGetValue(path, out var tokenizer))
        {
            _tokenizers.Add(path, tokenizer = TokenizerSource.Load(path));
        }

        return tokenizer;
    }
}
