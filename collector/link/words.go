package link

import (
	"fmt"
	"net/http"
	"strings"
)

// words of one language.
type words struct {
	Language string
	texts    map[string]string
}

// Say gives a text by its key, with what belongs into it; the key alone where there is none.
func (in words) Say(key string, values ...any) string {
	text, known := in.texts[key]
	if !known {
		return key
	}
	if len(values) == 0 {
		return text
	}
	return fmt.Sprintf(text, values...)
}

func wordsOf(language string) words { return words{Language: language, texts: texts[language]} }

// languageOf a request is the first that the person wants of those there are; English otherwise.
func languageOf(r *http.Request) string {
	for wanted := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		primary, _, _ := strings.Cut(strings.TrimSpace(wanted), ";")
		primary, _, _ = strings.Cut(strings.ToLower(primary), "-")
		if _, known := texts[primary]; known {
			return primary
		}
	}
	return "en"
}

var texts = map[string]map[string]string{
	"en": {
		"title": "Install Dayline %s", "windows": "on Windows", "macos": "on a Mac", "linux": "on Linux",
		"from": "From", "by": "Link made by", "holds": "Holds for", "until": "until %s", "version": "Version",
		"days": "another %d days %d h", "hours": "another %d h %d min", "minutes": "another %d min", "point": ".",
		"does": "What Dayline does",
		"doesWhat": "It measures which application is in front on this computer, since when, and whether there is input. " +
			"What is kept of windows and pages is set by your company; a page of your own shows it.",
		"never": "Never, whatever anybody sets: what you type, your screen, sound, pictures, files, and what is written on pages " +
			"and in messages. It is never hidden.",
		"own":        "Everything that is recorded of you opens with",
		"nothing":    "There is nothing to install yet",
		"nothingWhy": "The link is good, but the collector has no installer for it. Its administrator adds one; then open this page again.",
		"noButton":   "Why there is no download button",
		"noButtonWhy": "Browsers do not know this collector’s certificate, so yours could not tell whether a file comes from it. The " +
			"commands can: each names the collector’s key and the hash of the package, and installs nothing that does not fit.",
		"compare":     "Take the command from this page only where the link reached you by a way you trust; whoever made it sees the same key:",
		"download":    "Download",
		"commandOnly": "This package is signed in a way that leaves no place for the link. The command installs it all the same.",
		"asReleased":  "(as released; a download differs from it by what lets this computer join)",
		"sh":          "Command for a terminal (a click selects it whole)",
		"powershell":  "Command for PowerShell, run as administrator (a click selects it whole)",
		"for_msi":     "Windows", "for_pkg": "Every Mac", "for_deb": "Debian, Ubuntu, Mint", "for_rpm": "Fedora, Red Hat, SUSE", "for_tar.gz": "Any other Linux",
		"on_amd64": " with Intel or AMD processor", "on_arm64": " with ARM processor", "on_universal": "",
		"after_msi":    "Open it when it is downloaded. The computer joins by itself within a minute.",
		"after_pkg":    "Open it when it is downloaded. Where macOS does not let it: System Settings, Privacy & Security, Open Anyway. The computer joins by itself within a minute.",
		"after_deb":    "Open it when it is downloaded. The computer joins by itself within a minute.",
		"after_rpm":    "Unpack it when it is downloaded, and run in its folder: sudo sh install.sh",
		"after_tar.gz": "Unpack it when it is downloaded, and run in its folder: sudo sh install.sh",

		"notRead": "Links are only opened", "notReadWhy": "Nothing can be sent to this address.",
		"tooMany": "Too many links that do not exist", "tooManyWhy": "From your network so many were asked for that nothing more is answered for a minute. Then try again.",
		"unknown": "There is no such link", "unknownWhy": "Open it again as you got it, or ask for a new one: perhaps a part of it was lost on the way.",
		"expired": "This link has expired", "expiredWhy": "Ask whoever gave it to you for a new one. Computers that joined by it go on as before.",
		"revoked": "This link was revoked", "revokedWhy": "Ask whoever gave it to you for a new one. Computers that joined by it go on as before.",
		"used_up": "This link is used up", "used_upWhy": "As many computers joined by it as may, or it was downloaded too often. Ask whoever gave it to you for a new one.",
		"noPackage": "There is no such installer", "noPackageWhy": "Perhaps another version is handed out by now: open the link again and take what is there.",
		"diskFull": "The collector’s disk is almost full", "diskFullWhy": "No computer can join until there is space. Its administrator knows what to do; try again later.",
		"failed": "Something failed in the collector", "failedWhy": "Its administrator finds the reason in its log. Try again later.",
	},
	"de": {
		"title": "Dayline %s installieren", "windows": "unter Windows", "macos": "auf einem Mac", "linux": "unter Linux",
		"from": "Von", "by": "Link angelegt von", "holds": "Gilt", "until": "bis %s", "version": "Version",
		"days": "noch %d Tage %d Std.", "hours": "noch %d Std. %d Min.", "minutes": "noch %d Min.", "point": ",",
		"does": "Was Dayline tut",
		"doesWhat": "Es misst, welche Anwendung auf diesem Computer vorn ist, seit wann, und ob es Eingaben gibt. " +
			"Was von Fenstern und Seiten behalten wird, legt Ihr Unternehmen fest; eine eigene Seite zeigt es Ihnen.",
		"never": "Niemals, was immer jemand einstellt: was Sie tippen, Ihr Bildschirm, Ton, Bilder, Dateien und was auf Seiten und in " +
			"Nachrichten steht. Es ist niemals versteckt.",
		"own":        "Alles, was von Ihnen erfasst ist, öffnet",
		"nothing":    "Es gibt noch nichts zu installieren",
		"nothingWhy": "Der Link ist gültig, aber der Collector hat kein Installationsprogramm dafür. Sein Administrator legt eines bereit; öffnen Sie diese Seite dann noch einmal.",
		"noButton":   "Warum hier kein Knopf zum Herunterladen ist",
		"noButtonWhy": "Browser kennen das Zertifikat dieses Collectors nicht; Ihrer könnte also nicht sagen, ob eine Datei von ihm kommt. Die " +
			"Befehle können es: Jeder nennt den Schlüssel des Collectors und den Hash des Pakets und installiert nichts, was nicht dazu passt.",
		"compare":     "Nehmen Sie den Befehl nur dann von dieser Seite, wenn der Link auf einem Weg kam, dem Sie trauen; wer ihn angelegt hat, sieht denselben Schlüssel:",
		"download":    "Herunterladen",
		"commandOnly": "Dieses Paket ist so signiert, dass der Link keinen Platz darin hat. Der Befehl installiert es trotzdem.",
		"asReleased":  "(wie veröffentlicht; was Sie herunterladen, unterscheidet sich davon um das, womit dieser Computer hinzukommt)",
		"sh":          "Befehl für ein Terminal (ein Klick wählt ihn ganz aus)",
		"powershell":  "Befehl für die PowerShell, als Administrator ausgeführt (ein Klick wählt ihn ganz aus)",
		"for_msi":     "Windows", "for_pkg": "Jeder Mac", "for_deb": "Debian, Ubuntu, Mint", "for_rpm": "Fedora, Red Hat, SUSE", "for_tar.gz": "Jedes andere Linux",
		"on_amd64": " mit Prozessor von Intel oder AMD", "on_arm64": " mit ARM-Prozessor", "on_universal": "",
		"after_msi":    "Nach dem Herunterladen öffnen. Der Computer kommt binnen einer Minute von selbst hinzu.",
		"after_pkg":    "Nach dem Herunterladen öffnen. Wo macOS es nicht zulässt: Systemeinstellungen, Datenschutz & Sicherheit, Dennoch öffnen. Der Computer kommt binnen einer Minute von selbst hinzu.",
		"after_deb":    "Nach dem Herunterladen öffnen. Der Computer kommt binnen einer Minute von selbst hinzu.",
		"after_rpm":    "Nach dem Herunterladen entpacken und im Ordner ausführen: sudo sh install.sh",
		"after_tar.gz": "Nach dem Herunterladen entpacken und im Ordner ausführen: sudo sh install.sh",

		"notRead": "Links werden nur geöffnet", "notReadWhy": "An diese Adresse lässt sich nichts senden.",
		"tooMany": "Zu viele Links, die es nicht gibt", "tooManyWhy": "Aus Ihrem Netz wurde nach so vielen gefragt, dass eine Minute lang nichts mehr beantwortet wird. Versuchen Sie es dann noch einmal.",
		"unknown": "Diesen Link gibt es nicht", "unknownWhy": "Öffnen Sie ihn noch einmal so, wie Sie ihn bekommen haben, oder bitten Sie um einen neuen: Vielleicht ging unterwegs ein Teil verloren.",
		"expired": "Dieser Link ist abgelaufen", "expiredWhy": "Bitten Sie den, der ihn Ihnen gab, um einen neuen. Computer, die damit hinzukamen, machen weiter wie bisher.",
		"revoked": "Dieser Link wurde widerrufen", "revokedWhy": "Bitten Sie den, der ihn Ihnen gab, um einen neuen. Computer, die damit hinzukamen, machen weiter wie bisher.",
		"used_up": "Dieser Link ist aufgebraucht", "used_upWhy": "Damit kamen so viele Computer hinzu, wie dürfen, oder er wurde zu oft heruntergeladen. Bitten Sie den, der ihn Ihnen gab, um einen neuen.",
		"noPackage": "Dieses Installationsprogramm gibt es nicht", "noPackageWhy": "Vielleicht wird inzwischen eine andere Version ausgegeben: Öffnen Sie den Link noch einmal und nehmen Sie, was dort steht.",
		"diskFull": "Der Datenträger des Collectors ist fast voll", "diskFullWhy": "Kein Computer kann hinzukommen, bis wieder Platz ist. Sein Administrator weiß, was zu tun ist; versuchen Sie es später noch einmal.",
		"failed": "Im Collector ist etwas fehlgeschlagen", "failedWhy": "Sein Administrator findet den Grund im Protokoll. Versuchen Sie es später noch einmal.",
	},
}
