using System.Text;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>What prompts may hold.</summary>
internal static class PromptText
{
    /// <summary>The text of a prompt that a text encoder can read.</summary>
    /// <exception cref="InvalidRequestException">It is empty, too long, or not text.</exception>
    public static string Require(string field, string text, bool mayBeEmpty)
    {
        var name = field == "prompt" ? "prompt" : $"{field} prompt";
        if (!mayBeEmpty && string.IsNullOrWhiteSpace(text))
        {
            throw new InvalidRequestException(
                field,
                "The prompt is empty: say what the video is to show, such as \"a red circle moving left on a black background\"."
            );
        }

        if (text.Length > GenerationRequest.MaximumPromptLength)
        {
            throw new InvalidRequestException(
                field,
                $"The {name} is longer than {GenerationRequest.MaximumPromptLength} characters: shorten it."
            );
        }

        if (text.Any(IsNotText))
        {
            throw new InvalidRequestException(
                field,
                $"The {name} has the control character U+{(int)text.First(IsNotText):X4}, which is not text: remove it, or save the text "
                    + "as UTF-8."
            );
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !Rune.TryGetRuneAt(text, i++, out _))
            {
                throw new InvalidRequestException(
                    field,
                    $"The {name} is not valid Unicode text: character {i - 1} is half of a surrogate pair."
                );
            }
        }

        return text;
    }

    private static bool IsNotText(char c) => char.IsControl(c) && c is not ('\t' or '\r' or '\n');
}
