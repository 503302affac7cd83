using System.Globalization;
using System.Text;
using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Models.Text;

namespace WanSharp.Engine.Planning;

/// <summary>A prompt that is longer than the model reads: the rest is ignored, as in the official code.</summary>
/// <param name="IsNegative">Whether it is the negative prompt.</param>
/// <param name="Tokens">How many tokens it has, the end included.</param>
/// <param name="Read">How many of them the model reads, the end included.</param>
/// <param name="Ignored">The first words of the ignored text.</param>
public sealed record CutPrompt(bool IsNegative, int Tokens, int Read, string Ignored)
{
    private const int QuotedLength = 40;

    /// <summary>The prompts of a clip that are too long; usually none.</summary>
    /// <param name="settings">The clip.</param>
    /// <param name="count">1 if the negative prompt is not used.</param>
    /// <param name="model">The model, whose tokenizer counts.</param>
    internal static IReadOnlyList<CutPrompt> Find(GenerationSettings settings, int count, WanModel model)
    {
        string[] prompts = [settings.Prompt, settings.NegativePrompt];
        return [.. prompts.Take(count).Select((prompt, index) => Find(prompt, index == 1, model)).OfType<CutPrompt>()];
    }

    /// <summary>One line for the user.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"the {(IsNegative ? "negative prompt" : "prompt")} has {Tokens} tokens, and the model reads "
                + $"{Read}: it ignores what comes from \"{Ignored}\" on"
        );

    private static CutPrompt? Find(string prompt, bool isNegative, WanModel model)
    {
        var (text, most) = (PromptCleaner.Clean(prompt), model.Transformer.TextLength);
        var tokens = model.Tokenizer.Encode(text).Length;
        if (tokens <= most)
        {
            return null;
        }

        // The longest beginning that is read whole.
        var (read, cut) = (0, text.Length);
        while (cut - read > 1)
        {
            var middle = (read + cut) / 2;
            (read, cut) = model.Tokenizer.Encode(text[..middle]).Length <= most ? (middle, cut) : (read, middle);
        }

        return new CutPrompt(isNegative, tokens, most, Beginning(text[read..].TrimStart()));
    }

    private static string Beginning(string text)
    {
        if (text.Length <= QuotedLength)
        {
            return text;
        }

        var beginning = new StringBuilder();
        foreach (var rune in text.EnumerateRunes().TakeWhile(_ => beginning.Length < QuotedLength))
        {
            beginning.Append(rune);
        }

        return beginning.Append('…').ToString();
    }
}
