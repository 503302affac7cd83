using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>A prompt as the sections that it asks for: <c>dawn | storm | night</c>, each as long as the others.</summary>
public static class PromptSections
{
    /// <summary>What stands between two sections.</summary>
    public const char Separator = '|';

    /// <summary>The sections of a prompt.</summary>
    /// <param name="request">What they have in common. The first image begins the first section, the last one ends the last.</param>
    /// <exception cref="InvalidRequestException">There is nothing between two separators.</exception>
    public static IReadOnlyList<FilmSection> Of(JobRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var prompts = request.Prompt.Split(Separator, StringSplitOptions.TrimEntries);
        if (prompts.Length > 1 && prompts.Contains(""))
        {
            throw new InvalidRequestException(
                "prompt",
                $"A section of '{request.Prompt}' is empty: say what is shown on both sides of each {Separator}, or leave it out."
            );
        }

        return
        [
            .. prompts.Select(
                (prompt, i) =>
                    new FilmSection
                    {
                        Request = request with
                        {
                            Prompt = prompt,
                            Frames = null,
                            Seconds = null,
                            Images = request
                                .Images.Where(image => image.Key == 0 ? i == 0 : i == prompts.Length - 1)
                                .ToDictionary(image => image.Key, image => image.Value),
                        },
                    }
            ),
        ];
    }
}
