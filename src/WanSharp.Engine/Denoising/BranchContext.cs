using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>
/// What one branch of a clip attends to: its features, and the keys and values that the transformer of the current steps made of
/// them.
/// </summary>
/// <remarks>Not thread-safe. Owns the keys; the features stay the caller's.</remarks>
/// <param name="text">Text features, <c>[1, text length, text dim]</c>.</param>
/// <param name="imageFeatures">CLIP's rows, <c>[1, clip tokens, clip dim]</c>, or none.</param>
internal sealed class BranchContext(Tensor text, Tensor? imageFeatures) : IDisposable
{
    private TransformerRunner? _transformer;
    private TextKeys? _keys;

    /// <summary>
    /// The keys and values for a transformer with LoRAs, kept until others are asked for: a clip changes its expert once at most, and the
    /// strengths of its LoRAs a few times.
    /// </summary>
    public TextKeys KeysFor(TransformerRunner transformer, AdapterUse? adapter, CancellationToken cancellationToken)
    {
        if (_keys is null || _transformer != transformer || !Equals(_keys.Adapter, adapter))
        {
            Dispose();
            _keys = transformer.PrepareContext(text, imageFeatures, adapter, cancellationToken);
            _transformer = transformer;
        }

        return _keys;
    }

    public void Dispose()
    {
        _keys?.Dispose();
        _keys = null;
    }
}
