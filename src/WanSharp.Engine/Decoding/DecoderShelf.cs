using WanSharp.Models;
using WanSharp.Models.Decoders;
using WanSharp.Tensors;

namespace WanSharp.Engine.Decoding;

/// <summary>The files that clips name instead of the model's own VAE, each opened once.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="model">The model whose latents they are for; it must live as long.</param>
/// <param name="folders">Folders to look for names in, after the model's own.</param>
internal sealed class DecoderShelf(WanModel model, IReadOnlyList<string> folders) : IDisposable
{
    /// <summary>Folders where tools keep them: ComfyUI's models/vae_approx and models/vae, and next to other files.</summary>
    internal static IReadOnlyList<string> Places { get; } = ["", "vae_approx", "vae", "decoders"];

    private readonly NetworkShelf<DecoderFile> _files = new(path => DecoderFile.Open(path, model));
    private readonly NetworkLocator _locator = new("a decoder", Places, [model.Folder, .. folders], model.Loras.Hub);

    /// <summary>Where the names of files are looked for.</summary>
    public IReadOnlyList<string> Folders { get; } = [model.Folder, .. folders];

    /// <summary>The file that a clip names; null where it names none.</summary>
    /// <param name="field">The setting that names it, for messages.</param>
    /// <param name="nameOrPath">What it is called.</param>
    /// <param name="encodes">Whether its encoder is wanted.</param>
    /// <exception cref="InvalidRequestException">There is no such file, or it does not fit.</exception>
    public DecoderFile? Find(string field, string? nameOrPath, bool encodes)
    {
        if (nameOrPath is null)
        {
            return null;
        }

        var file = _files.Find(field, _locator, nameOrPath);
        return !encodes || file.Config.HasEncoder
            ? file
            : throw new InvalidRequestException(
                field,
                $"{file.Path}: it has only a decoder: leave --{field} out, or name a file that has an encoder, too."
            );
    }

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();
}
