using System.Text;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches.Wildcards;

/// <summary>Makes prompts of templates: the same template, seed and files give the same prompt. Thread-safe.</summary>
/// <param name="files">What wildcards choose from.</param>
public sealed class PromptExpander(WildcardFiles files)
{
    private const int MostDepth = 32;
    private const int MostLetters = 64 * 1024;

    /// <summary>The prompt that a template and a seed make; the text itself when it offers no choice.</summary>
    /// <param name="template">What was written.</param>
    /// <param name="seed">The job's seed.</param>
    /// <exception cref="InvalidRequestException">It is not a template, a wildcard is missing, or wildcards contain each other.</exception>
    public string Expand(string template, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(template);
        if (template.AsSpan().IndexOfAny("{}|_$") < 0)
        {
            return template;
        }

        var text = new StringBuilder();
        Write(TemplateParser.Parse(template), new SeededChoices(seed, template), text, depth: 0);
        return text.ToString();
    }

    private void Write(PromptNode node, SeededChoices choices, StringBuilder text, int depth)
    {
        if (depth > MostDepth || text.Length > MostLetters)
        {
            throw new InvalidRequestException(
                "prompt",
                depth > MostDepth
                    ? $"Wildcards contain each other more than {MostDepth} deep: one of them may include itself."
                    : $"The prompt becomes longer than {MostLetters} characters."
            );
        }

        switch (node)
        {
            case PromptNode.Letters letters:
                text.Append(letters.Text);
                break;
            case PromptNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    Write(part, choices, text, depth);
                }

                break;
            case PromptNode.Wildcard wildcard:
                var lines = files.Find(wildcard.Name);
                Write(lines[choices.Pick([.. lines.Select(line => line.Weight)])].Text, choices, text, depth + 1);
                break;
            case PromptNode.Choice choice:
                Write(choice, choices, text, depth);
                break;
        }
    }

    private void Write(PromptNode.Choice choice, SeededChoices choices, StringBuilder text, int depth)
    {
        // Several of one wildcard are several of its lines.
        var options = choice.Options is [{ Text: PromptNode.Wildcard wildcard }] ? files.Find(wildcard.Name) : choice.Options;
        var count = choices.Between(choice.Least, Math.Max(choice.Least, choice.Most ?? options.Count));
        var weights = options.Select(option => option.Weight).ToArray();
        for (var i = 0; i < count; i++)
        {
            if (!weights.Any(weight => weight > 0))
            {
                weights = [.. options.Select(option => option.Weight)]; // more are asked for than there are: they repeat
            }

            var picked = choices.Pick(weights);
            weights[picked] = 0;
            var part = new StringBuilder();
            Write(options[picked].Text, choices, part, depth + 1);
            text.Append(i > 0 ? choice.Separator : "").Append(count > 1 ? part.ToString().Trim() : part.ToString());
        }
    }
}
