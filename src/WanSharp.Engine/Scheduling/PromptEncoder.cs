using WanSharp.Engine.Features;
using WanSharp.Engine.Reuse;
using WanSharp.Models;
using WanSharp.Models.Text;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>Prompts as the rows that the transformer attends to; each text is encoded once.</summary>
/// <remarks>
/// Thread-safe. Prompts are encoded one by one: a batch of several would round by its longest, and what is cached must not
/// depend on who else asked.
/// </remarks>
internal sealed class PromptEncoder(WanModel model, EngineNetworks networks, ComputeLanes lanes, FeatureCache cache, FeatureKeys keys)
{
    private const string Rows = "rows";

    /// <summary>The clip's prompt, and its negative prompt where guidance needs it.</summary>
    public async Task<PromptContexts> EncodeAsync(ClipRun clip)
    {
        string[] prompts = [clip.Plan.Settings.Prompt, clip.Plan.Settings.NegativePrompt];
        var contexts = new List<Tensor>();
        try
        {
            foreach (var prompt in prompts.Take(clip.Plan.Prompts))
            {
                contexts.Add(await EncodeAsync(clip, prompt).ConfigureAwait(false));
            }

            await LetGoAsync(clip).ConfigureAwait(false);
            return new PromptContexts(contexts);
        }
        catch
        {
            contexts.ForEach(context => context.Dispose());
            throw;
        }
    }

    /// <summary>Where the clip's prompt is among all prompts.</summary>
    public async Task<float[]> EmbedAsync(ClipRun clip)
    {
        using var context = await EncodeAsync(clip, clip.Plan.Settings.Prompt).ConfigureAwait(false);
        await LetGoAsync(clip).ConfigureAwait(false);
        return PromptEmbedding.Of(context);
    }

    /// <summary>Frees the text encoder once a clip's prompts are encoded, where its strategy counts on that.</summary>
    private Task LetGoAsync(ClipRun clip) =>
        clip.Plan.Strategy is { KeepsTextEncoder: false } ? networks.UnloadTextEncoderAsync(clip.Cancelled) : Task.CompletedTask;

    private async Task<Tensor> EncodeAsync(ClipRun clip, string prompt)
    {
        var textLength = model.Transformer.TextLength;
        var ids = model.Tokenizer.Encode(PromptCleaner.Clean(prompt), textLength);
        var feature = await cache
            .GetAsync(
                clip,
                keys.ForText(ids),
                () =>
                    networks.UseTextEncoderAsync(
                        encoder =>
                            lanes.RunAsync(
                                clip,
                                GenerationStage.Encode,
                                () =>
                                {
                                    using var rows = encoder.Encode(ids, ids.Length, clip.Cancelled); // [1, length, dim]
                                    return FeatureBytes.From([(Rows, rows)]);
                                },
                                EngineTelemetry.Text
                            ),
                        clip.Cancelled
                    )
            )
            .ConfigureAwait(false);
        using var encoded = FeatureBytes.ToTensors(feature)[Rows];
        return TextContext.Padded(encoded, textLength);
    }
}
