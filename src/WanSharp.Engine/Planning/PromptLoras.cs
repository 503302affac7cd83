using System.Text.RegularExpressions;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>LoRAs that are named in a prompt, as A1111 and Wan2GP write them: <c>&lt;lora:name:0.8&gt;</c>.</summary>
internal static partial class PromptLoras
{
    private const string Field = "prompt";

    /// <summary>A request without such marks in its prompt: what they name is among its LoRAs.</summary>
    /// <exception cref="InvalidRequestException">A mark is not understood, or stands in the negative prompt.</exception>
    public static GenerationRequest Read(GenerationRequest request)
    {
        if (request.NegativePrompt is { } negative && Start().IsMatch(negative))
        {
            throw new InvalidRequestException(
                "negative",
                "A LoRA is named in the negative prompt, where it can do nothing: move it to the prompt."
            );
        }

        if (!Start().IsMatch(request.Prompt))
        {
            return request;
        }

        List<LoraUse> uses = [.. request.Loras ?? []];
        var prompt = Mark()
            .Replace(
                request.Prompt,
                mark =>
                {
                    uses.Add(Use(mark.Value, mark.Groups["name"].Value, mark.Groups["strength"]));
                    return "";
                }
            );
        if (Start().Match(prompt) is { Success: true } open)
        {
            throw new InvalidRequestException(Field, $"'{Cut(prompt[open.Index..])}' is not understood: write <lora:NAME:STRENGTH>.");
        }

        return request with
        {
            Prompt = Spaces().Replace(prompt, " ").Trim(),
            Loras = new LoraUses([.. uses]),
        };
    }

    private static LoraUse Use(string mark, string name, Group strength)
    {
        // A second number is for a text encoder, which Wan's LoRAs do not change.
        var text = strength.Success ? strength.Value.Split(':')[0] : "1";
        if (DecimalComma().IsMatch(text))
        {
            throw new InvalidRequestException(
                Field,
                $"'{Cut(mark)}' may mean {text.Replace(',', '.')}, or {text.Split(',')[0]} in the first step and {text.Split(',')[1]} in "
                    + $"the others: write a decimal point, or {text.Split(',')[0]}@0,{text.Split(',')[1]}@1-."
            );
        }

        return
            LoraStrength.TryParse(text, out var read)
            && name.Trim().Length > 0
            && !name.Contains(LoraUse.Separator, StringComparison.Ordinal)
            ? new LoraUse(name.Trim(), read)
            : throw new InvalidRequestException(
                Field,
                $"'{Cut(mark)}' is not understood: write <lora:NAME:STRENGTH>, such as <lora:style:0.8>."
            );
    }

    private static string Cut(string text) => text.Length <= 80 ? text : text[..80] + "…";

    [GeneratedRegex("<(?:lora|lyco):", RegexOptions.IgnoreCase)]
    private static partial Regex Start();

    [GeneratedRegex("<(?:lora|lyco):(?<name>[^:<>]+)(?::(?<strength>[^<>]*))?>", RegexOptions.IgnoreCase)]
    private static partial Regex Mark();

    [GeneratedRegex("^[-+]?[0-9]+,[0-9]+$")]
    private static partial Regex DecimalComma();

    [GeneratedRegex(" {2,}")]
    private static partial Regex Spaces();
}
