using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>A model's transformers: one, or Wan 2.2's two experts, of which a step's timestep chooses.</summary>
/// <remarks>
/// The runners stay their owner's. What one keeps between runs is given back when the other one takes over, so that two
/// take little more memory than one. Not thread-safe. Source: Wan-Video/Wan2.2:wan/text2video.py,
/// <c>_prepare_model_for_timestep</c>.
/// </remarks>
/// <param name="lowNoise">The expert for what is left, or the only transformer.</param>
/// <param name="highNoise">The expert for the first steps, null if there is one transformer.</param>
internal sealed class Experts(TransformerRunner lowNoise, TransformerRunner? highNoise = null)
{
    private TransformerRunner? _current;
    private Task _coming = Task.CompletedTask;

    /// <summary>The dimensions of each.</summary>
    public TransformerConfig Configuration => lowNoise.Configuration;

    /// <summary>The transformer that takes a step of high noise, or one of the rest.</summary>
    public TransformerRunner For(bool isHighNoise)
    {
        var expert = isHighNoise && highNoise is not null ? highNoise : lowNoise;
        if (expert != _current)
        {
            _current?.GiveWay();
            _current = expert;
        }

        return expert;
    }

    /// <summary>Compiles what passes of these shapes need; experts of one network share the compiled graphs.</summary>
    public Task CompileForAsync(Shape latents, long groups, CancellationToken cancellationToken) =>
        lowNoise.CompileForAsync(latents, groups, cancellationToken);

    /// <summary>
    /// Has the first weights of the other expert read while this one takes its last step; nothing where there is one transformer.
    /// </summary>
    /// <param name="isHighNoise">Which expert takes the step after this one.</param>
    /// <returns>Ends when they are read.</returns>
    public Task PrepareForAsync(bool isHighNoise)
    {
        var expert = isHighNoise && highNoise is not null ? highNoise : lowNoise;
        return expert == _current || _current is null ? Task.CompletedTask : _coming = expert.ReadAheadAsync();
    }

    /// <summary>Gives back what the transformer of the last step keeps for the next one.</summary>
    public void ReleaseMemory()
    {
#pragma warning disable VSTHRD002 // weights must not be unmapped while they are read
        Task.WaitAny(_coming); // the weights may be closed next; what was read early is nobody's failure
#pragma warning restore VSTHRD002
        _current?.ReleaseMemory();
        _current = null;
    }
}
