package studio

// worker is one of the studio's people, at one computer or two.
type worker struct {
	account, name string
	group         string
	trade         trade
	computers     []computer
	// starts and works are the usual start of the day in hours and its length.
	starts, works float64
	// absent tells why a day so many days ago has no time; empty: it has.
	absent map[int]string
}

// computer is a device, as its agent says of it.
type computer struct{ name, os, version string }

func windows(name string) computer { return computer{name, "windows", "11 24H2"} }
func macos(name string) computer   { return computer{name, "macos", "15.6"} }
func linux(name string) computer   { return computer{name, "linux", "Debian 13"} }

// Groups of the studio, in the file's order.
var Groups = []string{"Design", "Development", "Support", "Office"}

// workers are invented; so is what they do.
var workers = []worker{
	{account: "ana", name: "Ana Lima", group: "Design", trade: design, starts: 8.4, works: 8.2, computers: []computer{macos("iris"), windows("drawing-board")}},
	{account: "bela", name: "Béla Kovács", group: "Development", trade: development, starts: 9.6, works: 8.6, computers: []computer{linux("quince")}},
	{account: "chen", name: "Chen Wei", group: "Development", trade: development, starts: 8.9, works: 8.1, computers: []computer{linux("medlar"), macos("sloe")}},
	{account: "dora", name: "Dora Novak", group: "Support", trade: support, starts: 7.8, works: 8.0, computers: []computer{windows("desk-04")}, absent: map[int]string{1: "off", 2: "off", 3: "off"}},
	{account: "emil", name: "Emil Sørensen", group: "Support", trade: support, starts: 8.0, works: 7.9, computers: []computer{windows("desk-05")}, absent: map[int]string{4: "pause"}},
	{account: "fatima", name: "Fatima Idrissi", group: "Support", trade: support, starts: 9.0, works: 6.0, computers: []computer{windows("desk-06")}},
	{account: "goran", name: "Goran Petrov", group: "Office", trade: office, starts: 8.2, works: 8.3, computers: []computer{windows("front-desk")}},
	{account: "hana", name: "Hana Sato", group: "Office", trade: office, starts: 8.7, works: 5.0, computers: []computer{windows("ledger")}, absent: map[int]string{5: "blind", 6: "blind"}},
	{account: "ines", name: "Inês Duarte", group: "Design", trade: design, starts: 9.2, works: 7.8, computers: []computer{macos("lilac")}},
	{account: "john345", name: "", group: "Support", trade: support, starts: 8.1, works: 8.0, computers: []computer{windows("desk-07")}},
	{account: "kofi", name: "Kofi Mensah", group: "Development", trade: development, starts: 10.1, works: 8.4, computers: []computer{linux("damson")}},
	{account: "lena", name: "Lena Vogt", group: "", trade: office, starts: 8.5, works: 7.6, computers: []computer{windows("desk-11")}},
}

// use is one thing that is worked with.
type use struct {
	app, product, site string
	// bundle is the application's identifier on Macs; empty where it is not for them.
	bundle string
	// titles are what is worked on with it.
	titles []string
	// weight is how often it is turned to, and minutes for how long on the average.
	weight, minutes float64
	// private windows have neither title nor site.
	private bool
}

// trade is what the people of one trade work with.
type trade []use

const (
	browser       = "Firefox"
	browserBundle = "org.mozilla.firefox"
)

func page(site string, weight, minutes float64, titles ...string) use {
	return use{app: "firefox", product: browser, bundle: browserBundle, site: site, titles: titles, weight: weight, minutes: minutes}
}

var everybody = trade{
	{app: "thunderbird", product: "Thunderbird", bundle: "org.mozilla.thunderbird", titles: []string{"Inbox", "Re: Harbour brochure", "Re: Thursday", "Offer for the harbour", "Drafts"}, weight: 9, minutes: 2.5},
	{app: "slack", product: "Slack", bundle: "com.tinyspeck.slackmacgap", titles: []string{"#general", "#harbour", "#lunch", "Goran Petrov (direct)"}, weight: 8, minutes: 1.5},
	page("calendar.example.com", 2, 1, "Calendar – this week", "Harbour: review"),
	page("wikipedia.org", 1.2, 2, "Typeface – Wikipedia", "Lighthouse – Wikipedia"),
	page("news.example.net", 1.5, 2.5, "Morning edition", "Weather for the coast"),
	page("youtube.com", 0.8, 5, "How a lighthouse is built", "Live: harbour camera"),
	page("intranet.example.com", 1.5, 2, "Time off", "Phone list"),
	{app: "firefox", product: browser, bundle: browserBundle, weight: 0.5, minutes: 1.5, private: true},
}

var (
	design = append(trade{
		{app: "figma", product: "Figma", bundle: "com.figma.Desktop", titles: []string{"Harbour brochure", "Harbour brochure – cover", "Icons 2026", "Website, second draft"}, weight: 14, minutes: 9},
		{app: "photoshop.exe", product: "Adobe Photoshop", titles: []string{"cover-03.psd", "lighthouse.psd", "map-coast.psd"}, weight: 6, minutes: 12},
		page("fonts.example.org", 2, 3, "Grotesques", "Licence"),
		page("unsplash.com", 2, 3, "harbour", "gulls"),
	}, everybody...)
	development = append(trade{
		{app: "code", product: "Visual Studio Code", bundle: "com.microsoft.VSCode", titles: []string{"booking.ts – harbour", "tides.ts – harbour", "tides_test.ts – harbour", "README.md – harbour"}, weight: 16, minutes: 8},
		{app: "xterm", product: "XTerm", titles: []string{"make test", "ssh build", "git log", "psql harbour"}, weight: 10, minutes: 3},
		page("github.com", 7, 4, "Pull request 214: tides", "Issues", "harbour/booking"),
		page("docs.example.com", 4, 4, "Date arithmetic", "Index types"),
	}, everybody...)
	support = append(trade{
		page("desk.example.com", 18, 4, "Ticket 8812: cannot book", "Ticket 8815: wrong tide", "Ticket 8820: invoice missing", "Open tickets"),
		{app: "zoom.exe", product: "Zoom Workplace", titles: []string{"Support hotline"}, weight: 4, minutes: 9},
		{app: "notepad.exe", product: "Notepad", titles: []string{"notes.txt"}, weight: 3, minutes: 1},
	}, everybody...)
	office = append(trade{
		{app: "excel.exe", product: "Microsoft Excel", titles: []string{"Invoices 2026.xlsx", "Hours November.xlsx", "Budget.xlsx"}, weight: 12, minutes: 9},
		{app: "winword.exe", product: "Microsoft Word", titles: []string{"Contract harbour.docx", "Minutes Thursday.docx"}, weight: 8, minutes: 8},
		page("bank.example.org", 3, 3, "Accounts", "Payments"),
		page("shop.example.net", 1, 4, "Chairs", "Basket"),
	}, everybody...)
)
